"""Heights of the turns of a conversation, known or estimated, in a Fenwick tree: sums in logarithmic time."""

from collections.abc import Iterable


class Heights:
    """An ordered list of heights, px.

    Reference: P. M. Fenwick, "A new data structure for cumulative frequency tables", 1994.
    """

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._values = list(heights)
        self._build()

    def _build(self) -> None:
        tree = [0, *self._values]
        size = len(tree)
        for i in range(1, size):
            parent = i + (i & -i)
            if parent < size:
                tree[parent] += tree[i]
        self._tree = tree

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: int) -> int:
        return self._values[place]

    def set(self, place: int, height: int) -> None:
        """Change one height."""
        difference = height - self._values[place]
        if difference:
            self._values[place] = height
            i = place + 1
            while i < len(self._tree):
                self._tree[i] += difference
                i += i & -i

    def append(self, height: int) -> None:
        """Add one at the end."""
        i = len(self._tree)
        self._values.append(height)
        self._tree.append(self.before(len(self._values) - 1) - self.before(i - (i & -i)) + height)

    def insert_before(self, heights: Iterable[int]) -> None:
        """Put others in front of all."""
        self._values[:0] = heights
        self._build()

    def before(self, place: int) -> int:
        """Sum of all heights before a place."""
        total = 0
        while place > 0:
            total += self._tree[place]
            place -= place & -place
        return total

    @property
    def total(self) -> int:
        """Sum of all heights."""
        return self.before(len(self._values))

    def find(self, offset: int) -> int:
        """The place whose span contains an offset from the top; the last one for offsets beyond the end."""
        place, step = 0, 1 << len(self._values).bit_length()
        while step:
            after = place + step
            if after < len(self._tree) and self._tree[after] <= offset:
                place = after
                offset -= self._tree[after]
            step >>= 1
        return max(0, min(place, len(self._values) - 1))
