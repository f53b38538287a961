"""From a label map to regions: spatial smoothing and clean-up."""
