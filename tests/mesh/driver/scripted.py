"""A replica that does what a test tells it to, and remembers what it was told."""

from collections.abc import Callable

from mesh.protocol.effects import Effects, Image
from mesh.protocol.inputs import Input, Persisted, PersistFailed
from mesh.protocol.now import Now

Answering = Callable[[Input], Effects]


class Scripted:
    """Answers each input by `reply`, which a test may exchange at any time."""

    def __init__(self, image: Image | None = None) -> None:
        self.image = image or Image(boot=1, previous=None, unbroken=False)
        self.inputs: list[Input] = []
        self.times: list[Now] = []
        self.started = Effects()
        self.reply: Answering = lambda _: Effects()

    def start(self, now: Now) -> Effects:
        """What the test put into `started`."""
        self.times.append(now)
        return self.started

    def handle(self, happened: Input, now: Now) -> Effects:
        """Remember ``happened`` and reply."""
        self.inputs.append(happened)
        self.times.append(now)
        return self.reply(happened)

    def seen(self, *kinds: type[Input]) -> list[Input]:
        """The inputs of these kinds, in order."""
        return [each for each in self.inputs if isinstance(each, kinds)]

    @property
    def confirmed(self) -> int:
        """The last token that became durable; 0: none."""
        tokens = [each.token for each in self.inputs if isinstance(each, Persisted)]
        return max(tokens, default=0)

    @property
    def disk_failures(self) -> list[str]:
        """Why the disk failed, as it was told."""
        return [each.why for each in self.inputs if isinstance(each, PersistFailed)]
