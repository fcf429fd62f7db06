"""What the tab *Train* is made of.

- ``wording``: numbers, times and methods in the reader's language.
- ``curves``, ``files``: what is drawn, and what is downloaded.
- ``fields``, ``steering``: settings, and what can be done now.
- ``settings_view``, ``controls_view``, ``lanes_view``, ``charts_view``, ``runs_view``: the page.
"""
