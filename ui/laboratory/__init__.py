"""The laboratory desk: pages on which the theory of mixtures and EM can be played with."""
