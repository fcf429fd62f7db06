"""The tabs of the page, one a module, each with a function ``build(context)``."""
