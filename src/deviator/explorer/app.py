# /// script
# [tool.marimo.display]
# theme = "system"
# default_width = "full"
# ///
"""The page, in marimo's form: each cell runs again where something changes that it reads.

Whatever is computed or shown comes from `panels`; here is what depends on what.
"""
# mypy: ignore-errors

import marimo

app = marimo.App(width="full", app_title="deviator explorer", css_file="style.css")


@app.cell
def _():
    import marimo as mo

    from deviator.explorer import panels
    from deviator.explorer.choice import (
        TRADERS,
        Choice,
        drawn_types,
        fitting_economy,
        types_from_text,
    )
    from deviator.explorer.names import (
        names_of,
        settings_of_economy,
        settings_of_mechanism,
        stated,
        takes_traders,
    )

    return (
        TRADERS,
        Choice,
        drawn_types,
        fitting_economy,
        mo,
        names_of,
        panels,
        settings_of_economy,
        settings_of_mechanism,
        stated,
        takes_traders,
        types_from_text,
    )


@app.cell
def _(mo):
    told = mo.app_meta().request.meta
    files, replay_path = tuple(told["files"]), told["replay"]
    return files, replay_path


@app.cell
def _(files, fitting_economy, mo, names_of):
    _mechanisms, _economies = names_of("mechanism", files), names_of("economy", files)
    mechanism = mo.ui.dropdown(_mechanisms, value=_mechanisms[0], label="mechanism")
    _first = fitting_economy(_mechanisms[0], [_economies[0], "private-values"], files)
    economy = mo.ui.dropdown(_economies, value=_first, label="economy")
    return economy, mechanism


@app.cell
def _(TRADERS, economy, files, mo, panels, settings_of_economy, takes_traders):
    _found, economy_problem = panels.attempt(
        lambda: (settings_of_economy(economy.value, files), takes_traders(economy.value, files))
    )
    economy_settings, _asked = _found or ([], False)
    n_traders = mo.ui.number(3, 60, step=1, value=TRADERS, label="N, traders") if _asked else None
    economy_controls = mo.ui.array([panels.control(each) for each in economy_settings])
    return economy_controls, economy_problem, economy_settings, n_traders


@app.cell
def _(files, mechanism, mo, panels, settings_of_mechanism):
    _found, mechanism_problem = panels.attempt(
        lambda: settings_of_mechanism(mechanism.value, files)
    )
    moving = panels.moving_setting(_found or [])
    mechanism_settings = [each for each in _found or [] if each != moving]
    slider = panels.slider(moving) if moving else None
    mechanism_controls = mo.ui.array([panels.control(each) for each in mechanism_settings])
    return mechanism_controls, mechanism_problem, mechanism_settings, moving, slider


@app.cell
def _(mo):
    seed = mo.ui.number(0, 10**6, step=1, value=0, label="seed of the types")
    trader = mo.ui.number(0, 59, step=1, value=0, label="deviator")
    return seed, trader


@app.cell
def _(
    Choice,
    economy,
    economy_controls,
    economy_settings,
    files,
    mechanism,
    mechanism_controls,
    mechanism_settings,
    n_traders,
    panels,
    stated,
    trader,
):
    def _choose():
        of_economy = stated(economy_settings, economy_controls.value)
        if n_traders is not None:
            of_economy["n_traders"] = int(n_traders.value)
        of_mechanism = stated(mechanism_settings, mechanism_controls.value)
        return Choice(
            mechanism.value, economy.value, of_economy, of_mechanism, files, int(trader.value)
        )

    base, base_problem = panels.attempt(_choose)
    return base, base_problem


@app.cell
def _(base, drawn_types, mo, panels, seed):
    # The types belong to the economy: another one, or another seed, draws them anew.
    _drawn, _ = panels.attempt(lambda: drawn_types(base.market(), int(seed.value)))
    _text = "" if _drawn is None else ", ".join(f"{each:g}" for each in _drawn)
    types_text = mo.ui.text(_text, label="types", full_width=True)
    return (types_text,)


@app.cell
def _(base, base_problem, moving, panels, slider, types_from_text, types_text):
    def _build():
        chosen = base.with_setting(moving.name, slider.value) if moving else base
        built = chosen.market()
        return built, types_from_text(types_text.value, built.economy.n_traders)

    _found, _why = (None, base_problem) if base is None else panels.attempt(_build)
    tested, types = _found or (None, None)
    problem = _why
    return problem, tested, types


@app.cell
def _(
    economy,
    economy_controls,
    economy_problem,
    mechanism,
    mechanism_controls,
    mechanism_problem,
    mo,
    n_traders,
    panels,
    problem,
    seed,
    slider,
    tested,
    trader,
    types_text,
):
    _rows = [
        [mechanism, slider, *mechanism_controls],
        [economy, n_traders, *economy_controls],
        [trader, seed],
    ]
    mo.vstack(
        [
            mo.md("# One market"),
            *(
                mo.hstack([each for each in row if each is not None], justify="start", wrap=True)
                for row in _rows
            ),
            types_text,
            mo.Html(mechanism_problem or economy_problem or problem),
            mo.Html("" if tested is None else panels.tax_note(tested)),
        ]
    )
    return


@app.cell
def _(mo, panels, tested, types):
    mo.stop(tested is None)
    mo.vstack([mo.md("## Bids and clearing"), panels.part(lambda: panels.clearing(tested, types))])
    return


@app.cell
def _(mo, panels, tested, types):
    mo.stop(tested is None)
    mo.vstack(
        [mo.md("## What the deviator can reach"), panels.part(lambda: panels.menu(tested, types))]
    )
    return


@app.cell
def _(mo):
    audit = mo.ui.run_button(label="Search profiles (seconds to minutes)")
    return (audit,)


@app.cell
def _(audit, mo, panels, tested):
    mo.stop(tested is None)
    _quick = panels.has_exact_answers(tested)
    _note = mo.md("No constraint has an exact form here. Press the button to search profiles.")
    _shown = panels.part(lambda: panels.constraints(tested)) if _quick or audit.value else _note
    mo.vstack([mo.md("## The five constraints"), _shown, *([] if _quick else [audit])])
    return


@app.cell
def _(base, moving, panels, types, tested):
    _ready = tested is not None and moving is not None
    curves, curves_problem = (
        panels.attempt(lambda: panels.moved(base, moving, types)) if _ready else (None, "")
    )
    return curves, curves_problem


@app.cell
def _(base, moving, panels, mo):
    states = (
        panels.part(lambda: panels.decided(base, moving))
        if base is not None and moving is not None
        else mo.Html("")
    )
    return (states,)


@app.cell
def _(curves, curves_problem, mo, moving, panels, slider, states, tested):
    mo.stop(tested is None or moving is None)
    _shown = (
        mo.Html(curves_problem)
        if curves is None
        else panels.part(lambda: panels.moving_figures(curves, slider.value))
    )
    mo.vstack([mo.md(f"## As {moving.name.replace('_', ' ')} moves"), _shown, states])
    return


@app.cell
def _(mo, names_of, files, replay_path):
    _learners = names_of("learner", files)
    learner = mo.ui.dropdown(_learners, value="cma-es", label="learner")
    steps = mo.ui.number(1000, 1_000_000, step=1000, value=20_000, label="bids in training")
    train = mo.ui.run_button(label="Train a deviator in this market")
    path = mo.ui.text(replay_path, label="or replay a file or folder", full_width=True)
    mo.vstack(
        [
            mo.md("## A learned deviator"),
            mo.hstack([learner, steps, train], justify="start", wrap=True),
            path,
        ]
    )
    return learner, path, steps, train


@app.cell
def _(mo):
    trained, set_trained = mo.state((None, ""))
    return set_trained, trained


@app.cell
def _(files, learner, panels, set_trained, steps, tested, train):
    if train.value and tested is not None:
        set_trained(
            panels.attempt(
                lambda: panels.replay_training(tested, learner.value, int(steps.value), files=files)
            )
        )
    return


@app.cell
def _(mo, panels, path, set_trained):
    # A path that is written replaces what was trained here.
    set_trained((None, ""))
    _found, recordings_problem = (
        panels.attempt(lambda: panels.recorded(path.value)) if path.value.strip() else ([], "")
    )
    found_trainings = _found or []
    recording = mo.ui.dropdown(
        {f"{place}: {each.title}": place for place, each in enumerate(found_trainings)},
        value=f"0: {found_trainings[0].title}" if found_trainings else None,
        label="training",
    )
    return found_trainings, recording, recordings_problem


@app.cell
def _(files, found_trainings, panels, recording, recordings_problem, trained):
    _here, _why = trained()
    if _here is not None or _why:
        replay, replay_problem = _here, _why
    elif recording.value is not None:
        replay, replay_problem = panels.attempt(
            lambda: panels.loaded(found_trainings[recording.value], files)
        )
    else:
        replay, replay_problem = None, recordings_problem
    return replay, replay_problem


@app.cell
def _(drawn_types, mo, replay):
    _last = 0 if replay is None else len(replay.points) - 1
    _text = (
        "" if replay is None else ", ".join(f"{each:g}" for each in drawn_types(replay.tested, 0))
    )
    place = mo.ui.slider(
        0, max(_last, 1), step=1, value=_last, label="point in training", include_input=True
    )
    replay_types = mo.ui.text(_text, label="types at which the deviator bids", full_width=True)
    return place, replay_types


@app.cell
def _(
    found_trainings,
    mo,
    panels,
    place,
    recording,
    replay,
    replay_problem,
    replay_types,
    types_from_text,
):
    def _replayed():
        n = replay.tested.economy.n_traders
        at = min(int(place.value), len(replay.points) - 1)
        return panels.replayed(replay, at, types_from_text(replay_types.value, n))

    _controls = [recording] if len(found_trainings) > 1 else []
    if replay is not None:
        _controls += [place] if len(replay.points) > 1 else []
        _controls += [replay_types]
    _shown = mo.Html(replay_problem) if replay is None else panels.part(_replayed)
    mo.vstack([*_controls, _shown])
    return


if __name__ == "__main__":
    app.run()
