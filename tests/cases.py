"""A plugin of pytest, `-p tests.cases`: each number of docs/cases.md, its tests, and whether they passed."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "cases.md"
NUMBERED = re.compile(r"^\| (\d+) \| (.+?) \|", re.MULTILINE)


class CaseReport:
    def __init__(self, cases: dict[int, str]) -> None:
        self.cases = cases
        self.tests: dict[int, dict[str, str]] = {number: {} for number in cases}  # number → test → outcome
        self._numbers: dict[str, tuple[int, ...]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            numbers = {number for mark in item.iter_markers("case") for number in mark.args}
            if unknown := numbers - self.cases.keys():
                raise pytest.UsageError(f"{item.nodeid}: {PAGE.name} has no case {sorted(unknown)}")
            self._numbers[item.nodeid] = tuple(sorted(numbers))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.partition("[")[0]
        for number in self._numbers.get(report.nodeid, ()):
            before = self.tests[number].get(test, "passed")
            self.tests[number][test] = before if report.passed else report.outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unproven() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("cases")
        for number, what in self.cases.items():
            terminalreporter.write_line(f"{number:>2}  {what}")
            for test, outcome in sorted(self.tests[number].items()) or [("no test carries it", "missing")]:
                terminalreporter.write_line(f"      {outcome:<8} {test}")
        unproven = ", ".join(map(str, self.unproven()))
        terminalreporter.write_line(
            f"{len(self.cases)} cases, " + (f"not proven: {unproven}" if unproven else "each has a test that passed")
        )

    def unproven(self) -> list[int]:
        """The numbers without a test, or with one that did not pass."""
        return [number for number, tests in self.tests.items() if set(tests.values()) != {"passed"}]


def read_cases() -> dict[int, str]:
    return {int(number): what for number, what in NUMBERED.findall(PAGE.read_text())}


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(CaseReport(read_cases()))
