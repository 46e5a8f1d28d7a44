"""Speed beside quality: what a model file costs and what it finds, on this machine."""
