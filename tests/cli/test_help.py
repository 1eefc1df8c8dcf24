"""Help pages, short options, flags, examples and completion of every command."""

import re

import pytest
from helpers.command_lines import words_of
from typer.main import get_command

from deviator.cli import app
from deviator.cli.examples import EXAMPLES
from deviator.cli.help import help_page

GROUP = get_command(app)
EXAMPLE_LINES = [each.command for examples in EXAMPLES.values() for each in examples]


def parsed(words):
    """Return the context of a command line that is only read."""
    root = GROUP.make_context("deviator", [], resilient_parsing=True)
    command = GROUP.commands[words[0]]
    return command, command.make_context(words[0], list(words[1:]), parent=root)


def context_of(name):
    root = GROUP.make_context("deviator", [], resilient_parsing=True)
    command = GROUP.commands[name]
    return command, command.make_context(name, [], parent=root, resilient_parsing=True)


def test_every_command_has_an_example():
    assert set(GROUP.commands) | {"deviator"} == set(EXAMPLES)


@pytest.mark.parametrize("line", EXAMPLE_LINES)
def test_examples_are_lines_that_the_commands_read(line):
    words = words_of(line)
    if "-h" not in words:
        parsed(words)


def test_examples_of_the_pages_are_copied_whole():
    command, context = context_of("train")
    for width in (40, 96):
        page = help_page(command, context, width).replace(" \\\n", " ")
        for example in EXAMPLES["train"]:
            assert example.command in " ".join(page.split())


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_help_reads_in_40_columns_and_cuts_nothing(name):
    command, context = context_of(name)
    narrow, wide = (help_page(command, context, width) for width in (40, 96))
    names = [line for line in narrow.splitlines() if line.startswith("  -")]
    lines = [line for line in narrow.splitlines() if line not in names and " " in line.strip()]
    assert max(map(len, lines)) <= 40
    assert max(map(len, names), default=0) <= 48
    for option in re.findall(r"--[a-z-]+", wide):
        assert option in narrow
    assert "…" not in narrow


def options():
    for name in sorted(GROUP.commands):
        command, context = context_of(name)
        for each in command.get_params(context):
            if each.param_type_name == "option" and not each.hidden:
                yield name, each


def test_short_options_mean_one_thing_in_all_commands():
    meanings = {}
    for name, option in options():
        for short in option.opts:
            if not short.startswith("--"):
                meanings.setdefault(short, {}).setdefault((option.name, option.help), []).append(
                    name
                )
    assert {short: len(each) for short, each in meanings.items()} == {"-s": 1, "-m": 1, "-h": 1}


def test_one_name_has_one_meaning_among_settings_of_parts():
    meanings = {}
    for _, option in options():
        if option.opts[0].endswith("-set"):
            meanings.setdefault(option.opts[0], set()).add(option.help)
    assert all(len(each) == 1 for each in meanings.values()), meanings


def test_flags_take_no_value():
    flags = [option for _, option in options() if option.is_flag]
    assert len(flags) > 40
    for name, option in options():
        _, context = context_of(name)
        shown = option.get_help_record(context)[0]
        assert ("<bool>" in shown) is False


PRINT_NO_RESULTS = {"new", "explore", "schema"}
"""Commands without --json: what they write are files, pages, and JSON in any case."""


def test_every_command_that_prints_results_prints_json():
    with_json = {name for name, option in options() if "--json" in option.opts}
    assert with_json == set(GROUP.commands) - PRINT_NO_RESULTS


def test_h_is_help(run_command, capsys):
    assert run_command("list", "-h") == 0
    short = capsys.readouterr().out
    assert run_command("list", "--help") == 0
    assert short == capsys.readouterr().out
    assert short.startswith("Usage: deviator list [OPTIONS] [KIND]\n")
    assert "Examples:\n" in short


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("compare", "[OPTIONS] RUN..."),
        ("recheck", "[OPTIONS] FILE..."),
        ("replicate", "[OPTIONS] [RESULT]..."),
        ("evaluate", "[OPTIONS] POLICY"),
    ],
)
def test_usage_names_arguments_as_other_programs_do(name, usage):
    command, context = context_of(name)
    assert f" {usage}\n" in help_page(command, context, 96)


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_braces_and_dots_of_arguments_are_not_left_over(name):
    command, context = context_of(name)
    usage = help_page(command, context, 96).splitlines()[0]
    assert not re.search(r"[{}]|\.{4}", usage)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("deviator audit sigma-d", ["sigma-dcda"]),
        ("deviator train x --learner grad", ["gradient"]),
        ("deviator assumptions two", ["two-groups"]),
        ("deviator rechec", ["recheck"]),
    ],
)
def test_a_shell_completes_commands_and_names(run_command, monkeypatch, capsys, words, names):
    monkeypatch.setenv("_DEVIATOR_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert run_command() == 0
    assert capsys.readouterr().out.split() == names


@pytest.mark.parametrize(
    ("words", "question"),
    [
        (["recheckk"], "'recheck'"),
        (["audit", "sigma-dcda", "--econmy", "two-groups"], "--economy"),
        (["list", "mechanisms"], "did you mean 'mechanism'?"),
        (["assumptions", "two-grups"], "did you mean 'two-groups'?"),
        (["check", "sigma-dcda", "-s", "sigma=0.1"], "say -m sigma=0.1"),
        (["check", "gradient", "-s", "points=3"], "say --plugin-set points=3"),
        (["new", "mechanizm", "mine"], "did you mean 'mechanism'?"),
    ],
)  # fmt: skip
def test_mistyped_words_are_asked_about(
    run_command, monkeypatch, capsys, tmp_path, words, question
):
    monkeypatch.chdir(tmp_path)
    assert run_command(*words) == 2
    assert question in capsys.readouterr().err
