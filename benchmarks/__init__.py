"""How fast the checker is, and how honest: measured beside the tools it is compared with. See README.md here."""
