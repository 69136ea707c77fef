"""An exception to a rule names the rule, gives a reason, and excuses something."""

from collections.abc import Iterator

from pgflow_build.lint import all_rules
from pgflow_build.lint.project import Problem, Project


def check(project: Project) -> Iterator[Problem]:
    """Yield exceptions of a wrong form; those that excuse nothing are found once all rules have run."""
    for excuse in project.excuses:
        if excuse.problem:
            yield Problem(excuse.source.path, excuse.first, excuse.problem)
        elif excuse.rule not in all_rules():
            yield Problem(excuse.source.path, excuse.first, f"there is no rule {excuse.rule}")
