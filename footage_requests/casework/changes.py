"""That a case changed, told inside the transaction of the change to whoever listens.

Receivers write rows and nothing else: what they do is undone with the change.
"""

from __future__ import annotations

from django.dispatch import Signal

# request, step, before (the state from which the step was taken)
step_taken = Signal()
# request
deadline_extended = Signal()
# request, owed (whether its clock stood still for a fee before)
fee_changed = Signal()
