"""The table of operations is complete: one row for each operation of the library, and no row without one."""

from collections import Counter

import pytest

from backprop_lib.scalar import Value
from backprop_lib.tensor import Tensor
from tests.lib.operation_table import OPERATIONS, SCALAR_ROWS, TABLE

NOT_OPERATIONS = {"backward"}


def test_every_operation_has_one_row_and_every_row_an_operation():
    assert Counter(row.name for row in TABLE) == Counter(list(OPERATIONS))


@pytest.mark.parametrize(("name", "op"), OPERATIONS.items())
def test_an_operation_is_called_what_its_variable_is_called(name, op):
    assert op.name == name
    assert repr(op) == f"<operation {name}>"


@pytest.mark.parametrize("row", TABLE, ids=repr)
def test_a_row_has_a_domain_for_each_differentiable_input(row):
    assert len(row.domains) == sum(vjp is not None for vjp in OPERATIONS[row.name].vjps)


def test_every_method_of_value_is_in_the_table():
    methods = {name for name in vars(Value) if not name.startswith("_") and callable(getattr(Value, name))}
    assert methods - NOT_OPERATIONS <= {row.name for row in SCALAR_ROWS}


@pytest.mark.parametrize("row", SCALAR_ROWS, ids=repr)
def test_a_scalar_row_applies_to_both_engines(row):
    from backprop_lib import tensor

    assert isinstance(row.apply(*[Value(1.0)] * len(row.domains)), Value)
    assert isinstance(row.apply(*[tensor(1.0)] * len(row.domains)), Tensor)
