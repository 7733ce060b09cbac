"""Help of a command with many options, by what they are about."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

if TYPE_CHECKING:
    from typing import Protocol

    class _Formatter(Protocol):
        def section(self, name: str) -> Any: ...  # noqa: ANN401 - a context manager of click's

        def write_dl(self, rows: Sequence[tuple[str, str]]) -> None: ...


OTHER = "Options"


def grouped(groups: Mapping[str, Sequence[str]]) -> type[TyperCommand]:
    """Return the class of a command whose help lists its options in groups.

    Parameters
    ----------
    groups : heading -> names of parameters
        What is in no group follows under "Options".
    """

    class GroupedCommand(TyperCommand):
        """A command whose help has groups."""

        def format_options(self, ctx: Any, formatter: "_Formatter") -> None:  # noqa: ANN401 - click's
            """Write arguments, then the options by group."""
            rows: dict[str, list[tuple[str, str]]] = {"Arguments": []}
            rows |= {heading: [] for heading in (*groups, OTHER)}
            of = {name: heading for heading, names in groups.items() for name in names}
            for parameter in self.get_params(ctx):
                record = parameter.get_help_record(ctx)
                if record is not None:
                    argument = parameter.param_type_name == "argument"
                    heading = "Arguments" if argument else of.get(str(parameter.name), OTHER)
                    rows[heading].append(record)
            for heading, records in rows.items():
                if records:
                    with formatter.section(heading):
                        formatter.write_dl(records)

    return GroupedCommand
