"""A small skills-assessment service: people answer weighted questions and get a rating."""
