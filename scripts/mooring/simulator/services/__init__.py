"""Services of tools in a simulated world, described by documents: real HTTP and MCP on records in SQLite."""
