"""Denials come in: read from spreadsheets and FHIR bundles, checked, stored once, each with its access code."""
