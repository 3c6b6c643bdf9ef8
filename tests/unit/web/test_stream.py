"""Many streams: each has its turn, and none holds up the loop for all the others."""

import asyncio

from callcentre.web.stream import AT_ONCE, Hub


async def test_a_few_streams_have_their_turn_at_once_and_all_of_them_in_the_end() -> None:
    hub, how_many = Hub(), 3 * AT_ONCE + 1
    served: list[int] = []

    async def one() -> None:
        await hub.turn()
        served.append(turns)

    waiting = [asyncio.ensure_future(one()) for _ in range(how_many)]
    turns = 0
    while len(served) < how_many:
        await asyncio.sleep(0)
        turns += 1
    await asyncio.gather(*waiting)
    assert max(served.count(turn) for turn in served) <= AT_ONCE
