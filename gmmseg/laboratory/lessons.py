"""The eight lessons of the laboratory; every claim is computed on the page that it is about."""

from __future__ import annotations

import numpy as np

from gmmseg.laboratory.lesson import Claim, Lesson, Step, acts, as_it_is, both, drags, sets
from gmmseg.laboratory.pages.em import EmPage
from gmmseg.laboratory.pages.failures import BreakPage
from gmmseg.laboratory.pages.how_many import ManyPage
from gmmseg.laboratory.pages.likelihood import LikelihoodPage
from gmmseg.laboratory.pages.limit import LimitPage
from gmmseg.laboratory.pages.mixture import MixturePage
from gmmseg.laboratory.pages.rise import RisePage
from gmmseg.laboratory.pages.starts import StartsPage
from gmmseg.laboratory.words import fixed, short

YES_NO = ("Yes", "No")


def _likelihood() -> Lesson:
    def best(before: LikelihoodPage, after: LikelihoodPage) -> Claim:
        levels = before.likelihoods
        text = (
            "The likelihoods are "
            + ", ".join(f"{fixed(level, 1)}" for level in levels)
            + " nats: the largest wins."
        )
        return Claim(text, before.best == int(np.argmax(levels)))

    def underflow(before: LikelihoodPage, after: LikelihoodPage) -> Claim:
        logs = after.log_densities[after.best]
        product = float(np.exp(logs).prod())
        text = (
            f"The product is {short(product)}: a number of {short(-logs.sum() / np.log(10), 3)} zeros "
            "after the point does "
            f"not fit into 64 bits. Its logarithm is {fixed(float(logs.sum()), 1)}."
        )
        return Claim(text, product == 0.0 and bool(np.isfinite(logs.sum())))

    def top(before: LikelihoodPage, after: LikelihoodPage) -> Claim:
        x, k = after.line.values[:, 0], after.best
        rise = float(after.likelihoods[k] - before.likelihoods[before.best])
        text = (
            f"μ became the mean {fixed(float(x.mean()))} and σ² the variance with 1/n, "
            f"{fixed(float(x.var()))}: L rose by {short(rise)} nats and has its top there."
        )
        return Claim(text, rise >= 0 and abs(after.candidates.means[k, 0] - x.mean()) < 1e-9)

    return Lesson(
        "likelihood",
        "Which Gaussian made these points?",
        (
            Step(
                "likelihood",
                "Forty points on a line, and three Gaussians.",
                "Which of them explains the points best?",
                ("1", "2", "3"),
                lambda before, after: before.best,
                as_it_is,
                best,
                as_it_is,
            ),
            Step(
                "likelihood",
                "The likelihood is a product: one density for each point.",
                "A thousand densities multiplied: what will the computer say?",
                ("About 1e-700", "0", "Infinity"),
                lambda before, after: 1,
                sets("n_points", 1000),
                underflow,
            ),
            Step(
                "likelihood",
                "Setting the derivative of L to zero gives μ and σ² at once.",
                "Will the fitted Gaussian have the variance with 1/n or with 1/(n − 1)?",
                ("1/n", "1/(n − 1)"),
                lambda before, after: 0,
                acts("fit"),
                top,
            ),
        ),
    )


def _mixture() -> Lesson:
    def shared(before: MixturePage, after: MixturePage) -> Claim:
        weights = after.params.weights
        text = (
            f"The weights are now {fixed(weights[0])} and {fixed(weights[1])}: together 1, as a die "
            "has to show some face."
        )
        return Claim(text, bool(weights[1] < before.params.weights[1]) and abs(weights.sum() - 1) < 1e-12)

    def counted(before: MixturePage, after: MixturePage) -> Claim:
        count, expected = int(after.counts()[0]), 100 * float(after.params.weights[0])
        spread = float(np.sqrt(100 * after.params.weights[0] * (1 - after.params.weights[0])))
        text = (
            f"Face 1 came {count} times; {fixed(expected, 0)} were expected, give or take {fixed(spread, 1)}."
        )
        return Claim(text, abs(count - expected) <= 4 * spread)

    def found(before: MixturePage, after: MixturePage) -> Claim:
        ari = 0.0 if after.recovered is None else after.recovered.ari
        return Claim(
            f"From x alone z came back to ARI = {fixed(ari)}. Only where both curves are high it cannot "
            "be told.",
            ari > 0.7,
        )

    return Lesson(
        "mixture",
        "A sum of curves, or a die?",
        (
            Step(
                "mixture",
                "The red curve is the weighted sum of both.",
                "If the first curve is made higher, what does the second do?",
                ("It stays", "It sinks", "It rises, too"),
                lambda before, after: 1,
                drags("mean:0", -2.0, 0.3),
                shared,
                as_it_is,
            ),
            Step(
                "mixture",
                "Throw the die: the face says which Gaussian the next point comes from. "
                "Face 1 has the weight 0.4.",
                "In a hundred throws, how often will face 1 come?",
                ("Exactly 40 times", "About 40 times", "Any number is as likely"),
                lambda before, after: 1,
                acts("many"),
                counted,
                as_it_is,
            ),
            Step(
                "mixture",
                "Now the faces are hidden: only x is left, z is latent.",
                "Can a fit tell which face each point came from?",
                ("For most points", "For none"),
                lambda before, after: 0,
                acts("many", "many", "recover"),
                found,
            ),
        ),
    )


def _em() -> Lesson:
    def level(page: EmPage) -> float:
        return page.timeline.now.found.log_likelihood / page.data.n_rows

    def same(before: EmPage, after: EmPage) -> Claim:
        return Claim(
            f"L is {fixed(level(after), 4)} as before: an E-step changes no parameter. It only says how "
            "much of each row belongs to whom.",
            level(before) == level(after),
        )

    def rose(before: EmPage, after: EmPage) -> Claim:
        rise, entropy = after.timeline.now.gains
        n = after.data.n_rows
        text = (
            f"ΔL = ΔQ − ΔH = {short(rise / n)} + {short(-entropy / n)} = {short((rise - entropy) / n)} "
            "nats per row. "
            "The M-step makes ΔQ as large as can be, and −ΔH is a divergence, which is never negative."
        )
        return Claim(text, rise >= 0 >= entropy and level(after) > level(before))

    def below(before: EmPage, after: EmPage) -> Claim:
        found = after.timeline.now.figures
        n = after.data.n_rows
        return Claim(
            f"The bound is {fixed(found.bound / n, 4)}, L is {fixed(found.log_likelihood / n, 4)}: below "
            f"by KL = {short(found.divergence / n)}.",
            found.bound < found.log_likelihood,
        )

    def settled(before: EmPage, after: EmPage) -> Claim:
        bounds = after.timeline.curves.bound[before.timeline.iteration + 1 :]
        falls = int((np.diff(bounds) < -1e-12).sum())
        return Claim(f"{after.timeline.iteration} iterations, {falls} of them downwards.", falls == 0)

    return Lesson(
        "em",
        "An E-step and an M-step, by hand",
        (
            Step(
                "em",
                "Three Gaussians begin at random rows.",
                "An E-step takes the posteriors of all rows. Will L change?",
                ("It rises", "It stays", "It falls"),
                lambda before, after: 1,
                acts("e"),
                same,
                as_it_is,
            ),
            Step(
                "em",
                "The colours are posteriors. The M-step takes weighted means, covariances and shares.",
                "And now: will L rise?",
                YES_NO,
                lambda before, after: 0,
                acts("m"),
                rose,
            ),
            Step(
                "em",
                "Q − H(θg, θg) is a bound that knows only the posteriors held.",
                "If you move a mean by hand, where is the bound?",
                ("Above L", "At L", "Below L"),
                lambda before, after: 2,
                both(acts("e"), drags("mean:0", -3.0, 3.0)),
                below,
            ),
            Step(
                "em",
                "E, M, E, M, …",
                "In a whole run, will any iteration go down?",
                YES_NO,
                lambda before, after: 1,
                acts("run"),
                settled,
            ),
        ),
    )


def _rise() -> Lesson:
    def chord(before: RisePage, after: RisePage) -> Claim:
        jensen = after.jensen
        return Claim(
            f"E[log x] is {fixed(jensen.chord)}, log E[x] is {fixed(float(np.log(jensen.middle)))}: the "
            "chord of a curve that "
            f"bends down lies below it, by {fixed(jensen.gap)}.",
            jensen.gap > 0,
        )

    def touches(before: RisePage, after: RisePage) -> Claim:
        gap = after.level - after.bound()
        at = float(after.grid[int(gap.argmin())])
        mean = float(after.belief.params.means[after.k, 0])
        step = float(after.grid[1] - after.grid[0])
        return Claim(
            f"Between {fixed(float(after.grid[0]), 1)} and {fixed(float(after.grid[-1]), 1)} the gap is "
            f"at least {short(max(float(gap.min()), 0.0))}; "
            f"it closes at μ = {fixed(mean, 2)}, which is θg.",
            bool(gap.min() > -1e-9) and abs(at - mean) <= step,
        )

    def climbed(before: RisePage, after: RisePage) -> Claim:
        gained = (
            after.belief.found.log_likelihood - before.belief.found.log_likelihood
        ) / after.task.rows.total
        bound = float(before.bound().max()) - before.belief.found.log_likelihood / after.task.rows.total
        return Claim(
            f"The bound's top was {short(bound)} nats per row up; L gained {short(gained)}: at least as "
            "much, as it is never below its bound.",
            gained >= bound - 1e-9,
        )

    return Lesson(
        "rise",
        "Why it cannot fall",
        (
            Step(
                "rise",
                "Two points on the logarithm, and the chord between them.",
                "Where is the mean of the logarithms, against the logarithm of the mean?",
                ("Above", "Below", "It depends"),
                lambda before, after: 1,
                both(drags("first", 0.3, 0.0), drags("share", 2.0, 0.0)),
                chord,
                as_it_is,
            ),
            Step(
                "rise",
                "On the left L over one mean, and the bound made at θg.",
                "If θg is dragged elsewhere, where will the bound touch L?",
                ("Where it did", "At the new θg", "At the top of L"),
                lambda before, after: 1,
                drags("theta", -1.0, 0.0),
                touches,
            ),
            Step(
                "rise",
                "Climbing to the top of the bound is easy: it is a parabola.",
                "Will L gain more or less than the bound?",
                ("At least as much", "Less"),
                lambda before, after: 0,
                acts("climb"),
                climbed,
            ),
        ),
    )


def _starts() -> Lesson:
    def ends(before: StartsPage, after: StartsPage) -> Claim:
        optima = after.optima
        return Claim(
            f"{len(after.attempts)} starts, {len(optima)} different ends, from {fixed(optima[-1], 4)} to "
            f"{fixed(optima[0], 4)} nats per row.",
            len(optima) > 1,
        )

    def kept(before: StartsPage, after: StartsPage) -> Claim:
        levels = [one.result.lower_bound for one in after.attempts]
        return Claim(
            f"Start {after.best + 1} with {fixed(max(levels), 4)}: nobody knows whether a better one is "
            "left, but none of these is.",
            levels[after.best] == max(levels),
        )

    return Lesson(
        "starts",
        "It matters where one begins",
        (
            Step(
                "starts",
                "Four Gaussians, each time at other rows.",
                "Will all starts climb to the same top?",
                YES_NO,
                lambda before, after: 1,
                acts("run"),
                ends,
                sets("n_starts", 12),
            ),
            Step(
                "starts",
                "The curves on the right end at different heights.",
                "Which one should be kept?",
                ("The first", "The fastest", "The highest"),
                lambda before, after: 2,
                acts("best"),
                kept,
            ),
        ),
    )


def _limit() -> Lesson:
    def hard(before: LimitPage, after: LimitPage) -> Claim:
        largest = float(after.shares().max(axis=0).min())
        agreement = float((after.shares().argmax(axis=0) == after.labels()).mean())
        return Claim(
            f"Every row has a posterior of at least {fixed(largest, 4)}, and {fixed(100 * agreement, 1)} "
            "% go where k-means puts them.",
            largest > 0.99 and agreement > 0.99,
        )

    def split(before: LimitPage, after: LimitPage) -> Claim:
        _, tied = after.tie()
        share = float(after.weights[0] / after.weights[:2].sum())
        return Claim(
            f"A row halfway between the first two means has γ₁ = {fixed(float(tied[0]))}, and π₁/(π₁ + "
            f"π₂) = {fixed(share)}: however small ε is, a tie splits by the weights.",
            abs(float(tied[0]) - share) < 1e-6,
        )

    return Lesson(
        "limit",
        "k-means is where ε ends",
        (
            Step(
                "limit",
                "One variance ε for all; on the right k-means from the same start.",
                "As ε goes to 0, what becomes of the posteriors?",
                ("All equal", "0 or 1", "Nothing"),
                lambda before, after: 1,
                both(sets("log_epsilon", -6.0), acts("settle")),
                hard,
                as_it_is,
            ),
            Step(
                "limit",
                "S3 says: all go to 0 but the nearest.",
                "And a row that is as near to two means?",
                ("Half and half", "By the weights π", "The first takes it"),
                lambda before, after: 1,
                sets("log_epsilon", -6.0),
                split,
            ),
        ),
    )


def _how_many() -> Lesson:
    def judged(before: ManyPage, after: ManyPage) -> Claim:
        levels = [trial.candidate.log_likelihood for trial in after.trials]
        k = after.choice("unseen")
        return Claim(
            f"L rose from {fixed(levels[0], 0)} to {fixed(max(levels), 0)} nats. On rows that were not "
            f"fitted K = {k} is best, and BIC chooses {after.choice('bic')}.",
            levels[-1] > levels[0] and after.trials[k - 1].unseen > after.trials[-1].unseen - 1e-9,
        )

    def survived(before: ManyPage, after: ManyPage) -> Claim:
        n = len(after.search[after.at].alive)
        return Claim(
            f"Of {len(after.search[0].alive)} components {n} are left where the message is shortest.", n == 3
        )

    return Lesson(
        "how-many",
        "How many are enough?",
        (
            Step(
                "how-many",
                "The rows came from three Gaussians, but nobody says so.",
                "Does the likelihood tell how many? It is highest at …",
                ("3", "The largest K tried"),
                lambda before, after: 1,
                acts("compare"),
                judged,
                both(sets("largest", 6), sets("fit.n_init", 3)),
            ),
            Step(
                "how-many",
                "Another way: begin with twelve, and let those die that explain too little.",
                "How many will live?",
                ("12", "3", "1"),
                lambda before, after: 1,
                acts("annihilate"),
                survived,
            ),
        ),
    )


def _failures() -> Lesson:
    def unbounded(before: BreakPage, after: BreakPage) -> Claim:
        _, levels = after.heights()
        return Claim(
            f"At σ = 1e-12 L is {fixed(float(levels[0]), 3)} nats per row, at σ = 10 it is "
            f"{fixed(float(levels[-1]), 3)}: it has no top at all.",
            levels[0] == levels.max(),
        )

    def finite(before: BreakPage, after: BreakPage) -> Claim:
        refit = after.refit
        sigmas = np.zeros(1) if refit is None else np.sqrt(refit.matrices()[:, 0, 0])
        return Claim(
            f"EM ended at σ = {', '.join(short(float(sigma)) for sigma in sigmas)}: no variance is below "
            f"the floor {short(after.floor)}, and no number is infinite.",
            refit is not None and bool((sigmas**2 >= after.floor * (1 - 1e-9)).all()),
        )

    def cancelled(before: BreakPage, after: BreakPage) -> Claim:
        truth = float(after.line.values.var())
        found = after.variances(10.0**after.settings.log_offset)
        return Claim(
            f"The truth is {fixed(truth)}; E[x²] − E[x]² says {short(found['E[x²] − E[x]², double'])}, "
            f"the engine {short(found['engine'], 5)}.",
            abs(found["engine"] - truth) < 1e-4 * truth < abs(found["E[x²] − E[x]², double"] - truth),
        )

    return Lesson(
        "failures",
        "What breaks a mixture",
        (
            Step(
                "break",
                "The second component sits on a single row.",
                "Make it narrower and narrower: what does L do?",
                ("It has a top", "It grows without end", "It falls"),
                lambda before, after: 1,
                sets("log_sigma", -12.0),
                unbounded,
                sets("case", "singular"),
            ),
            Step(
                "break",
                "A fit must not end there.",
                "EM goes on with a floor on all variances. Will numbers stay finite?",
                YES_NO,
                lambda before, after: 0,
                acts("rescue"),
                finite,
            ),
            Step(
                "break",
                "The variance is E[x²] − E[x]².",
                "The same rows, a hundred million to the right: is that formula still good?",
                YES_NO,
                lambda before, after: 1,
                sets("log_offset", 8.0),
                cancelled,
                sets("case", "cancellation"),
            ),
        ),
    )


LESSONS: tuple[Lesson, ...] = (
    _likelihood(),
    _mixture(),
    _em(),
    _rise(),
    _starts(),
    _limit(),
    _how_many(),
    _failures(),
)
"""In the order in which they are best taken."""


def lesson_of(name: str) -> Lesson:
    """Return a lesson by its name; raises KeyError."""
    return {lesson.name: lesson for lesson in LESSONS}[name]
