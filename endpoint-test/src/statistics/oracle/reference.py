"""Reference values for the statistics of endpoint-test, from scipy, statsmodels and scikit-learn.

Prints JSON, which is compared with the Rust code to 1e-9. Write it again with
  python3 reference.py > reference.json
in an environment with numpy, scipy, statsmodels and scikit-learn. Where no library has a method
(DeLong, Tango, MOVER, the seeded bootstrap), this file has its textbook definition.
"""

import json
import math

import numpy as np
from scipy import optimize, special, stats
from sklearn import metrics
from statsmodels.stats import contingency_tables, multitest, proportion

COUNTS = [(0, 1), (1, 1), (0, 30), (29, 30), (30, 30), (7, 50), (500, 1000), (99_990, 100_000)]
TAILS = [0.05, 0.025, 0.005]


class SplitMix64:
    MASK = (1 << 64) - 1

    def __init__(self, seed):
        self.state = seed

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        mixed = ((self.state ^ (self.state >> 30)) * 0xBF58476D1CE4E5B9) & self.MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & self.MASK
        return mixed ^ (mixed >> 31)

    def below(self, bound):
        return (self.bits() * bound) >> 64


def clopper_pearson(count, rows, tail):
    low, high = proportion.proportion_confint(count, rows, alpha=2 * tail, method="beta")
    return [0.0 if count == 0 else float(low), 1.0 if count == rows else float(high)]


def wilson(count, rows, tail):
    return [float(bound) for bound in proportion.proportion_confint(count, rows, alpha=2 * tail, method="wilson")]


def tango(first, second, rows, tail):
    """Tango (1998), with the likelihood maximised by its quadratic equation."""
    factor = stats.norm.isf(tail)

    def score(difference):
        roots = np.roots([2 * rows, (2 * rows - first + second) * difference - first - second, -second * difference * (1 - difference)])
        share = max(0.0, max(root.real for root in roots))
        variance = rows * (2 * share + difference * (1 - difference))
        return (first - second - rows * difference) / math.sqrt(variance)

    estimate, edge = (first - second) / rows, 1 - 1e-12
    solve = lambda level, low, high: optimize.brentq(lambda at: score(at) - level, low, high, xtol=1e-14, rtol=1e-14)
    return [solve(factor, -edge, min(estimate + 1e-9, edge)), solve(-factor, max(estimate - 1e-9, -edge), edge)]


def newcombe(counts, tail):
    first, rows, second, others = counts
    return [float(bound) for bound in proportion.confint_proportions_2indep(first, rows, second, others, method="newcomb", compare="diff", alpha=2 * tail)]


def placements(scores, truth):
    positives, negatives = scores[truth], scores[~truth]
    kernel = (positives[:, None] > negatives[None, :]) + 0.5 * (positives[:, None] == negatives[None, :])
    return kernel.mean(axis=1), kernel.mean(axis=0)


def delong(one, other, truth):
    """DeLong, DeLong and Clarke-Pearson (1988), pair by pair."""
    (p1, n1), (p2, n2) = placements(one, truth), placements(other, truth)
    covariance = np.cov(p1, p2) / len(p1) + np.cov(n1, n2) / len(n1)
    return p1.mean(), p2.mean(), covariance


def samples(values, statistic):
    random, rows = SplitMix64(20140101), len(values)
    return np.sort([statistic(values[[random.below(rows) for _ in range(rows)]]) for _ in range(2000)])


def bca(values, tail):
    found = samples(values, lambda drawn: sum(drawn.tolist()) / len(drawn))
    center = sum(values.tolist()) / len(values)
    distances = values - center
    acceleration = (distances**3).sum() / (6 * (distances**2).sum() ** 1.5)
    bias = stats.norm.ppf(((found < center).sum() + (found == center).sum() / 2) / 2000)

    def adjusted(probability):
        shifted = bias + stats.norm.ppf(probability)
        return stats.norm.cdf(bias + shifted / (1 - acceleration * shifted))

    return [float(found[math.floor(adjusted(tail) * 1999)]), float(found[math.ceil(adjusted(1 - tail) * 1999)])]


def quantile_ranks(rows, quantile, tail):
    lower = [rank for rank in range(1, rows + 1) if stats.binom.cdf(rank - 1, rows, quantile) <= tail]
    upper = [rank for rank in range(1, rows + 1) if stats.binom.cdf(rank - 1, rows, quantile) >= 1 - tail]
    return [max(lower, default=0), min(upper, default=0)]


def psi(base, found, bins):
    """The population stability index over quantile bins of the base, each share with half a count more."""
    edges = np.unique(np.quantile(base, np.arange(1, bins) / bins, method="inverted_cdf"))
    count = lambda values: np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1) + 0.5
    one, other = count(base), count(found)
    one, other = one / one.sum(), other / other.sum()
    return float(((other - one) * np.log(other / one)).sum())


def kolmogorov_smirnov(base, found):
    distance = stats.ks_2samp(base, found).statistic
    return [float(distance), float(special.kolmogorov(distance * math.sqrt(len(base) * len(found) / (len(base) + len(found)))))]


random = SplitMix64(7)
draw = lambda count, bound: [random.below(bound) for _ in range(count)]
truth = np.array(draw(60, 2)) == 1
one = np.array(draw(60, 40)) / 40 + 0.4 * truth
other = np.array(draw(60, 40)) / 40 + 0.3 * truth
area_one, area_other, covariance = delong(one, other, truth)
errors = np.array(draw(50, 1000)) / 100
drifts = [(np.array(draw(rows, 1000)) / 1000, np.array(draw(others, bound)) / 1000) for rows, others, bound in [(50, 50, 1000), (200, 300, 800), (40, 90, 5), (1000, 1000, 950)]]

print(
    json.dumps(
        {
            "exact": [[count, rows, tail, *clopper_pearson(count, rows, tail)] for count, rows in COUNTS for tail in TAILS],
            "wilson": [[count, rows, tail, *wilson(count, rows, tail)] for count, rows in COUNTS for tail in TAILS],
            "tango": [
                [*counts, tail, *tango(*counts, tail)]
                for counts in [(7, 2, 50), (0, 3, 100), (5, 0, 30), (40, 38, 1000), (1, 1, 10)]
                for tail in TAILS
            ],
            "newcombe": [
                [*counts, tail, *newcombe(counts, tail)]
                for counts in [(56, 70, 48, 80), (9, 10, 3, 10), (29, 30, 30, 30), (0, 10, 0, 20), (950, 1000, 19_200, 20_000)]
                for tail in TAILS
            ],
            "mcnemar": [
                [first, second, float(contingency_tables.mcnemar([[9, first], [second, 9]], exact=True).pvalue)]
                for first, second in [(0, 0), (1, 5), (10, 30), (200, 180)]
            ],
            "ranks": [[rows, quantile, tail, *quantile_ranks(rows, quantile, tail)] for rows in [10, 59, 300, 1000] for quantile in [0.5, 0.95, 0.99] for tail in TAILS],
            "normal": [[value, float(stats.norm.cdf(value))] for value in [-8.0, -3.5, -1.0, 0.0, 0.3, 2.5, 5.0]],
            "normal_quantile": [[share, float(stats.norm.ppf(share))] for share in [1e-9, 0.005, 0.05, 0.4, 0.5, 0.975]],
            "beta": [[a, b, x, float(stats.beta.cdf(x, a, b))] for a, b, x in [(0.5, 0.5, 0.3), (30, 1, 0.9), (2000, 3000, 0.41), (50_000, 50_000, 0.499)]],
            "student": [[freedom, tail, float(stats.t.isf(tail, freedom))] for freedom in [1, 9, 120] for tail in TAILS],
            "holm": [
                [values, multitest.multipletests(values, alpha=0.05, method="holm")[0].tolist()]
                for values in [[0.03, 0.01, 0.04, 0.013], [0.02, 0.02, 0.02], [0.001, 0.04, 0.0166, 0.5]]
            ],
            "delong": {
                "truth": truth.tolist(),
                "one": one.tolist(),
                "other": other.tolist(),
                "areas": [float(metrics.roc_auc_score(truth, one)), float(metrics.roc_auc_score(truth, other))],
                "own": [float(area_one), float(area_other)],
                "covariance": covariance.tolist(),
            },
            "drift": [
                [base.tolist(), found.tolist(), [*kolmogorov_smirnov(base, found), psi(base, found, 10)]] for base, found in drifts
            ],
            "chi_square": [[freedom, tail, float(stats.chi2.isf(tail, freedom))] for freedom in [1, 4, 9] for tail in TAILS],
            "bca": [errors.tolist(), [[tail, *bca(errors, tail)] for tail in TAILS]],
        },
    )
)
