"""Figures of merit, intervals and paired tests beside scikit-learn and scipy, on random inputs.

    python tests/metrics/metrics.py target/release/auricle [SEED] [ROUNDS]

Every round draws inputs with ties, rare classes and classes without clips, writes a script that computes each figure
in the language, runs it, and compares what it prints. A line per figure says OK and the largest difference.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.special import softmax
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/auricle"
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 0
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 20


def source(value):
    """A value as the language writes it."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return "[" + ", ".join(source(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def delong_error(scores, labels):
    """Standard error of an AUROC by its definition, pair by pair."""
    positives, negatives = scores[labels == 1], scores[labels == 0]
    kernel = (positives[:, None] > negatives[None, :]) + 0.5 * (positives[:, None] == negatives[None, :])
    return np.sqrt(
        kernel.mean(1).var(ddof=1) / len(positives) + kernel.mean(0).var(ddof=1) / len(negatives)
    )


def delong_p(a, b, labels):
    """Two-sided p of the difference of two AUROCs by the full covariance of the placement values."""
    def placements(scores):
        positives, negatives = scores[labels == 1], scores[labels == 0]
        kernel = (positives[:, None] > negatives[None, :]) + 0.5 * (positives[:, None] == negatives[None, :])
        return kernel.mean(1), kernel.mean(0)

    (a10, a01), (b10, b01) = placements(a), placements(b)
    covariance = np.cov(a10, b10) / len(a10) + np.cov(a01, b01) / len(a01)
    contrast = np.array([1.0, -1.0])
    z = (a10.mean() - b10.mean()) / np.sqrt(contrast @ covariance @ contrast)
    return 2 * stats.norm.sf(abs(z))


def icbhi(predicted, labels, exact):
    normal = labels == 0
    found = (predicted == labels) if exact else (predicted != 0)
    return ((predicted[normal] == 0).mean() + found[~normal].mean()) / 2


def figures(rng):
    """Of one round: name, expression in the language, value wanted."""
    out = []
    add = lambda name, expression, want: out.append((name, expression, float(want)))
    n, classes = int(rng.integers(30, 200)), int(rng.integers(3, 8))

    labels = rng.integers(0, classes, n)
    labels[:classes] = np.arange(classes)
    noise = rng.normal(size=(n, classes)) + 1.5 * np.eye(classes)[labels]
    scores = np.round(noise, int(rng.integers(1, 4)))
    shares = softmax(scores, axis=1)
    predicted = rng.permuted(np.argmax(noise, 1)) if rng.random() < 0.2 else np.argmax(noise, 1)
    p, y, s = source(predicted), source(labels), source(scores)
    add("accuracy", f"accuracy({p}, {y}).value", sk.accuracy_score(labels, predicted))
    low, high = stats.binomtest(int((predicted == labels).sum()), n).proportion_ci(method="wilson")
    add("Wilson, low", f"accuracy({p}, {y}).low", low)
    add("Wilson, high", f"accuracy({p}, {y}).high", high)
    add("balanced_accuracy", f"balanced_accuracy({p}, {y}, #{{ draws: 100 }}).value",
        sk.balanced_accuracy_score(labels, predicted))
    add("f1", f"f1({p}, {y}, #{{ draws: 100 }}).value", sk.f1_score(labels, predicted, average="macro"))
    add("confusion", f"confusion({p}, {y})[1][2]", sk.confusion_matrix(labels, predicted)[1, 2])
    add("icbhi_score", f"icbhi_score({p}, {y}, #{{ draws: 100 }}).value", icbhi(predicted, labels, True))
    add("icbhi_score, two", f"icbhi_score({p}, {y}, #{{ draws: 100, exact: false }}).value",
        icbhi(predicted, labels, False))
    add("top_k_accuracy", f"top_k_accuracy({source(noise)}, {y}, #{{ k: 2 }}).value",
        sk.top_k_accuracy_score(labels, noise, k=2, labels=np.arange(classes)))
    ovr = [sk.roc_auc_score(labels == c, shares[:, c]) for c in range(classes)]
    add("auroc, as scikit-learn has it", f"auroc({source(shares)}, {y}, #{{ draws: 100 }}).value",
        sk.roc_auc_score(labels, shares, multi_class="ovr"))
    add("auroc, one against the rest", f"auroc({s}, {y}, #{{ draws: 100 }}).value", np.mean(ovr))
    add("auroc of a class", f"auroc({s}, {y}, #{{ draws: 100 }}).parts[\"1\"]", ovr[1])
    ap = [sk.average_precision_score(labels == c, shares[:, c]) for c in range(classes)]
    add("map, one class a clip", f"map({s}, {y}, #{{ draws: 100 }}).value", np.mean(ap))

    several = (rng.random((n, classes)) < 0.2).astype(int)
    several[:, 0] = 0
    ok = [c for c in range(classes) if 0 < several[:, c].sum() < n]
    if ok:
        area = np.mean([sk.roc_auc_score(several[:, c], scores[:, c]) for c in ok])
        add("auroc, several classes", f"auroc({s}, {source(several)}, #{{ draws: 100 }}).value", area)
        add("d_prime", f"d_prime({s}, {source(several)}, #{{ draws: 100 }}).value", np.sqrt(2) * stats.norm.ppf(area))
        add("map, several classes", f"map({s}, {source(several)}, #{{ draws: 100 }}).value",
            np.mean([sk.average_precision_score(several[:, c], scores[:, c]) for c in ok]))

    two = (rng.random(n) < 0.35).astype(int)
    two[:2], two[2:4] = 0, 1
    one = np.round(rng.normal(size=n) + two, 1)
    other = np.round(one + rng.normal(size=n), 1)
    a, b, t = source(one), source(other), source(two)
    add("auroc", f"auroc({a}, {t}).value", sk.roc_auc_score(two, one))
    add("average_precision", f"average_precision({a}, {t}, #{{ draws: 100 }}).value", sk.average_precision_score(two, one))
    add("DeLong, standard error", f"auroc({a}, {t}).standard_error", delong_error(one, two))
    add("DeLong, p of a difference",
        f"compare(predictions({a}, {t}, #{{ kind: \"scores\" }}), predictions({b}, {t}, #{{ kind: \"scores\" }}), "
        "#{ metric: \"auroc\" }).p", delong_p(one, other, two))

    second = np.where(rng.random(n) < 0.7, labels, predicted)
    first_only = int(((predicted == labels) & (second != labels)).sum())
    second_only = int(((predicted != labels) & (second == labels)).sum())
    want = 1.0 if first_only + second_only == 0 else stats.binomtest(first_only, first_only + second_only).pvalue
    add("McNemar, p", f"compare(predictions({p}, {y}), predictions({source(second)}, {y}), #{{ draws: 100 }}).p", want)

    x = np.round(rng.normal(size=n), 1)
    z = np.round(0.5 * x + rng.normal(size=n), 1)
    u, v = source(x), source(z)
    for name, want in [
        ("mae", sk.mean_absolute_error(z, x)),
        ("rmse", np.sqrt(sk.mean_squared_error(z, x))),
        ("r_squared", sk.r2_score(z, x)),
        ("correlation", stats.pearsonr(x, z).statistic),
        ("rank_correlation", stats.spearmanr(x, z).statistic),
    ]:
        add(name, f"{name}({u}, {v}, #{{ draws: 100 }}).value", want)

    k = int(rng.integers(3, 12))
    r, q = rng.normal(0.7, 0.05, k), rng.normal(0.68, 0.05, k)
    test = stats.ttest_rel(r, q)
    add("paired t, p", f"compare({source(r)}, {source(q)}).p", test.pvalue)
    add("paired t, low", f"compare({source(r)}, {source(q)}).low", test.confidence_interval().low)
    share = 0.25
    t_corrected = (r - q).mean() / np.sqrt((1 / k + share) * (r - q).var(ddof=1))
    add("corrected t, p", f"compare({source(r)}, {source(q)}, #{{ test_share: {share} }}).p",
        2 * stats.t.sf(abs(t_corrected), k - 1))
    interval = stats.t.interval(0.95, k - 1, r.mean(), stats.sem(r))
    add("Student, low", f"interval({source(r)}).low", interval[0])

    features = rng.normal(size=(n, 4)) * [1, 5, 0.1, 2] + labels[:, None] * [0.2, 1, 0, 0.5]
    scaled = StandardScaler().fit(features)
    fit = LogisticRegression(C=0.3, tol=1e-10, max_iter=10000).fit(scaled.transform(features), labels)
    add("logistic regression, probability",
        f"logistic_regression({source(features)}, {y}, #{{ C: 0.3 }}).probabilities({source(features[:1])})[0][1]",
        fit.predict_proba(scaled.transform(features[:1]))[0, 1])
    return out


def bootstrap(rng):
    """Ends of bootstraps: other draws, so within their own error."""
    n = 120
    groups = rng.integers(0, 15, n)
    labels = rng.integers(0, 2, n)
    right = rng.random(n) < 0.5 + 0.4 * np.sin(groups)
    predicted = np.where(right, labels, 1 - labels)
    names = source([f"p{g}" for g in groups])
    expression = f"accuracy({source(predicted)}, {source(labels)}, #{{ group: {names}, draws: 4000 }})"
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    drawn = []
    for _ in range(4000):
        rows = np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])
        drawn.append((predicted[rows] == labels[rows]).mean())
    low, high = np.percentile(drawn, [2.5, 97.5])
    return [("bootstrap by group, low", expression + ".low", low), ("bootstrap by group, high", expression + ".high", high)]


def run(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.rhai"
        path.write_text("\n".join(f"print(to_json({expression}));" for _, expression, _ in rows) + "\n")
        done = subprocess.run([PROGRAM, "run", str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return [float(line) for line in done.stdout.split()]


def main():
    rng = np.random.default_rng(SEED)
    worst, failed = {}, False
    for _ in range(ROUNDS):
        rows = figures(rng)
        for (name, _, want), got in zip(rows, run(rows), strict=True):
            worst[name] = max(worst.get(name, 0.0), abs(got - want))
    # Coefficients are found to a gradient, tensors are not in play, all else is double precision.
    for name, difference in worst.items():
        bound = 1e-5 if "logistic" in name else 1e-9
        failed |= not difference <= bound
        print("OK " if difference <= bound else "BAD", f"{name}: {difference:.1e} in {ROUNDS} rounds")
    rows = bootstrap(rng)
    for (name, _, want), got in zip(rows, run(rows), strict=True):
        failed |= not abs(got - want) <= 0.02
        print("OK " if abs(got - want) <= 0.02 else "BAD", f"{name}: {got:.3f} and {want:.3f}")
    sys.exit(failed)


main()
