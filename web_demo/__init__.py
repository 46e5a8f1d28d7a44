"""A web page and a small REST service that judge uploaded photos with one model."""
