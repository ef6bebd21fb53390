# placeholder while the first pieces land
check:
	uv run ruff format --check . && uv run ruff check . && uv run mypy && uv run lint-imports
