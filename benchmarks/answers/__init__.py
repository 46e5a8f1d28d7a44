"""What answers about a lesion add to its photo, by cross-validation over patients."""
