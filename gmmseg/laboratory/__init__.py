"""The laboratory: pages on which the theory of mixtures and EM can be seen and played with."""
