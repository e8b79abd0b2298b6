"""A small Django site with Simple JWT: what Jeton is compared with."""
