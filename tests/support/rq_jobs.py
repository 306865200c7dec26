# SPDX-License-Identifier: BSD-3-Clause
"""The jobs that tests/system/python_clients has rq run: each leaves a mark in the server whenever it runs.

Owner: the worker that imports it. Locks: none.
"""
import rq


def square(number):
    """Marks its run; the result goes back by way of rq."""
    rq.get_current_connection().hincrby("ran", number)
    return number * number


def follow(number):
    """Runs after another job, whose mark it must find."""
    connection = rq.get_current_connection()
    connection.hincrby("followed" if connection.hexists("ran", number) else "too early", number)
