"""Which model's tests choose best? Programs of one model for the micro lab, chosen by the tests of several models.

    python benchmarks/cross_tester.py --coder micro-base --tester micro-base --tester micro

For every tester the script prints best-of-n for several n programs and m tests, averaged over ties and over held-out
problems of the micro lab, and for comparison the share of right programs (one shot) and of problems with a right one.
The figures correspond to figure 5 of CURE's paper (arXiv 2506.03136) for small models.
"""

from __future__ import annotations

import argparse
import asyncio
from statistics import fmean

from cure.metrics.standard import best_of_n
from cure.prompts import prompts_for
from cure.reward import right_codes
from engines import Sampling, open_engine
from sandbox import open_sandbox
from trainer.rollout.execute import ExecutionRules
from trainer.rollout.sampling import RoleSampler, roll_out
from trainer.rollout.tasks import MicroTasks, Task


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coder", default="micro-base")
    parser.add_argument("--tester", action="append", required=True)
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("-n", type=int, default=16)
    parser.add_argument("-m", type=int, default=16)
    parser.add_argument("--seed", type=int, default=2000)
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    problems = MicroTasks(options.seed, "heldout")
    tasks = [Task(number, number, problems.problem(number)) for number in range(options.problems)]
    style = prompts_for("micro")
    sampling = Sampling(max_tokens=128, stop=style.stop)
    sandbox = await open_sandbox(options.sandbox)
    coder = await open_engine(options.coder)
    print(f"{options.problems} held-out problems, {options.n} programs by {options.coder}")
    for spec in options.tester:
        tester = await open_engine(spec)
        samplers = [
            RoleSampler(role="coder", engine=coder, style=style, samples=options.n, sampling=sampling),
            RoleSampler(role="tester", engine=tester, style=style, samples=options.m, sampling=sampling),
        ]
        # Every tester has the same seed, and therefore judges the same programs.
        rules = ExecutionRules(most_labels=1 << 30, reference=True)
        rollout = await roll_out(samplers, tasks, options.seed, "cross", sandbox, rules)
        tables = rollout.tables
        rights = [right_codes(table.label_passes) for table in tables]
        valid = fmean(passes for table in tables for passes in table.reference or ())
        print(f"\ntests by {spec}: {valid:.3f} right among those read")
        print(f"  one shot {fmean(r.mean() for r in rights):.3f}, any right {fmean(r.any() for r in rights):.3f}")
        for n in (2, 4, 8, 16):
            row = [
                fmean(best_of_n(r[:n], t.test_passes[:n, :m]) or 0.0 for r, t in zip(rights, tables, strict=True))
                for m in (1, 2, 4, 8, 16)
                if m <= options.m
            ]
            if n <= options.n:
                print(f"  n = {n:2d}, m = 1, 2, 4, ...: " + "  ".join(f"{value:.3f}" for value in row))
        await tester.close()
    await coder.close()
    await sandbox.close()


asyncio.run(main())
