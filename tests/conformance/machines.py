"""Running state machines of hypothesis on the objects of a manager."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run_machine(machine: type[RuleBasedStateMachine], manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Try sequences of a machine's operations, with its class attribute `manager` set."""
    monkeypatch.setattr(machine, "manager", manager, raising=False)
    stressed = settings().max_examples > 1000
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=500 if stressed else 20, stateful_step_count=30, suppress_health_check=list(HealthCheck)
        ),
    )
