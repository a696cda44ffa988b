"""`sandbox up`: a lab with a name, in the foreground or left to itself."""

from __future__ import annotations

import os

from ..errors import ServiceFailed
from ..lab import Lab, kept
from .launch import launch, open_lab
from .requests import UpRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lab.setting import Setting

NO_FAILURE = 0


def up(request: UpRequest) -> int:
    """Build the lab, start its services, and stay with it unless it is to be left; returns the exit status."""
    kept.check_is_free(request.name)
    with open_lab(request.topology, launch(request.topology, as_root=request.as_root)) as lab:
        _start_services(lab, request.setting)
        if request.detach:
            lab.detach(request.name)
            print(request.name)
            return NO_FAILURE
        lab.share(request.name)
        return _stay(lab, request)


def _start_services(lab: Lab, setting: Setting | None) -> None:
    if lab.topology.services:
        from ..lab.services import start_services

        try:
            start_services(lab, setting=setting)
        except ServiceFailed as failure:
            for stream, data in lab.log(failure.node):
                os.write(stream, data)
            raise


def _stay(lab: Lab, request: UpRequest) -> int:
    from .labs import follow_logs, prefixed

    with kept.KeptLab(request.name) as seen:
        nodes = [each.node for each in seen.services]
        if not nodes:
            os.write(2, f"sandbox: {request.name} is up - ^C ends it\n".encode())
            lab.await_end()
            return NO_FAILURE
        follow_logs(seen, nodes, prefixed(nodes), follow=True)
        failed = (each.returncode for each in seen.services if each.returncode)
        return next(failed, NO_FAILURE)
