# SPDX-License-Identifier: BSD-2-Clause
"""All tables of scenarios, of the command and of the library."""

import api
import readings
import scenarios

CHANGING = scenarios.SCENARIOS + api.CHANGING
READING = readings.READINGS + api.LOOKING


def chosen(names, table=None):
    return [s for s in table or CHANGING if not names or s.name in names]
