"""A pretend vLLM fleet: one process that answers `/metrics` for every ready pod at that pod's own address.

Two halves. The pure one takes the clock as an argument and never waits: a trace becomes requests (`trace`, `shapes`,
`arrivals`), a router hands them to replicas (`router`, `engine`), a page tells what a replica would (`page`), a report
what its callers lived through (`report`). The other half holds the sockets: pods followed from the API server (`pods`),
a listening socket for each (`server`), and one interface to it all from a test or a demo (`control`).

Seconds are floats on the workload's own clock, which runs `speed` times as fast as the wall's: arrivals, service and
waits alike. At a speed of 20 a wait of 2 s takes a tenth of a second to happen and is reported as 2 s.
"""

from fleet.control import FleetControl, FleetError
from fleet.engine import Profile
from fleet.faults import Fault
from fleet.fleet import Settings
from fleet.pods import Pod
from fleet.process import FleetClient, FleetProcess
from fleet.report import Report, Waits
from fleet.thread import FleetThread

__all__ = [
    "Fault",
    "FleetClient",
    "FleetControl",
    "FleetError",
    "FleetProcess",
    "FleetThread",
    "Pod",
    "Profile",
    "Report",
    "Settings",
    "Waits",
]
