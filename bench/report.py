"""What was found on each version of PostgreSQL, as tables and as JSON."""

import json
from dataclasses import asdict, dataclass, field

from bench.machine import Machine
from bench.results import Result, markdown


@dataclass
class Report:
    """What was found on one version."""

    version: str
    results: list[Result] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """By row, why it could not be measured."""

    @property
    def missed(self) -> bool:
        """Tell whether a number falls short of what must be reached."""
        return any(one.reached is False for one in self.results)

    def markdown(self) -> str:
        """Return the table and what could not be measured, for docs/performance.md."""
        failures = "".join(f"\n* {row} could not be measured: {why}" for row, why in self.failures.items())
        return f"PostgreSQL {self.version}\n\n{markdown(self.results)}\n{failures}"


def as_json(machine: Machine, reports: list[Report]) -> str:
    """Return everything as JSON: machine, results with the samples of each round, failures."""
    results = [{"version": report.version} | one.as_dict() for report in reports for one in report.results]
    failures = [
        {"version": report.version, "row": row, "error": why}
        for report in reports
        for row, why in report.failures.items()
    ]
    return json.dumps({"machine": asdict(machine), "results": results, "failures": failures}, indent=2)
