"""``make api``: schemathesis asks a real controller what its OpenAPI document allows, and more."""
