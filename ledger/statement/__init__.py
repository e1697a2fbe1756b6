"""Statements: SD-JWTs signed by their authors under X.509 certificates; pure, no input or output."""
