"""The local web page: ``nudgegrad app``.

Parts, from the inside out; only the last three need NiceGUI:

- ``protocol``, ``child``, ``worker``: a training in a process of its own, commanded over a pipe.
- ``thinned``, ``track``: a training's curves and counters, kept short enough to draw.
- ``runs``, ``session``: the runs folder; the state that all browser tabs share.
- ``guard``, ``server``: who may come in; the server and its end.
- ``texts``, ``style``, ``colours``, ``page``: language, looks, header and tabs.
- ``context``, ``charts``, ``widgets``: what tabs are built with.
- ``tabs``: one module a tab.

**A tab** is ``tabs/NAME.py`` with ``build(context: Context) -> None``, called when the tab is first
shown in a browser, and again when its language is switched. What it makes goes into the tab.
Begin with ``_ = context._`` and write texts as ``_("…")``. Keep what a browser must remember in
``context.state``, a dict. Long work goes through ``await nicegui.run.io_bound(…)``.

    def build(context):
        _, session = context._, context.session
        with widgets.section(_("Train"), explained=_("…")):
            ui.button(_("Start"), on_click=lambda: context.attempt(session.start))
            chart = context.line_chart(
                [Line("loss", _("loss"))], title=_("Loss"), x=_("iteration"), y=_("loss")
            )

        def refresh():
            if session.main is not None:
                chart.show({"loss": session.main.losses.points()})

        context.on_change(refresh)                              # anything
        context.on_change(draw, of=lambda s: s.version)         # the weights

**Session** (all browsers share one; any thread; errors are ``SessionError``, ``ParameterError``,
``FileError``, whose messages are for the reader; ``context.attempt`` shows them)

- ``settings``: a ``Configuration``, frozen. ``change(name=value, …)``; ``iterations_per_epoch``.
- ``start(settings=None)``, ``race(settings=None, methods=("naive", …))``, ``pause()``,
  ``resume()`` (what is paused, or else what was stopped), ``stop()`` (saves), ``reset()``,
  ``set_learning_rate(x)``; ``busy``, ``paused``, ``can_resume``.
- ``tracks``: method → ``Track``. ``main``: the one whose weights are shown; ``show(method)``.
- ``network``: the latest weights, a ``Network`` never changed afterwards; asking keeps it fresh,
  about twice a second. ``version`` is another number whenever it is another network.
  ``initial_network``, ``data`` (a ``Dataset``; the first time takes a moment).
- ``list_runs()`` → ``RunFacts(name, configuration, outcome, iterations, test_accuracy, seconds,
  changed)``, the latest first; ``open_run(name)``. ``revision`` grows with every change.

**Track**: ``method``, ``configuration``, ``state`` (starting, training, paused, completed, stopped,
diverged, failed; ``context.state_name`` translates), ``ended``, ``message``, ``run``, ``planned``,
``iterations``, ``fraction`` (of a step under way), ``loss_evaluations``, ``seconds`` (pauses left
out), ``rate``, ``eta``, ``learning_rate``, ``naive_seconds``, ``description``,
``losses.points()`` / ``.means()`` / ``.last``, ``epochs`` (of ``EpochRecord``),
``marks`` (iterations, and the clock then), ``parameters``,
``measured("test_accuracy", by="epoch")`` (points), ``train_accuracy``, ``test_accuracy``,
``network``, ``version``.

**Context**: ``session``, ``texts``, ``_``, ``language``, ``dark``, ``state``,
``state_name(state)``, ``on_change(callback, of=…, every=0.4)``, ``on_dark(callback)``,
``attempt(action, *args)``, ``complain(error)``,
``line_chart(lines, title=, x=, y=, y_range=, logarithmic=, height=)`` → ``show({key: points})``,
``set_lines(lines)``, ``set_x(name, logarithmic=)``; ``downloads(name, figure=, csv=)``.

**widgets**: ``section``, ``number``, ``slider``, ``select``, ``switch``, ``explanation``.
"""
