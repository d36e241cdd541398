//! Distribution functions that intervals and tests ask for.

/// The standard normal distribution function.
pub(super) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// The inverse of the distribution function of the standard normal distribution: infinite at 0 and 1, not a number beyond.
///
/// By bisection to the last bit between -40 and 40: it is asked for once a figure.
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return match p {
            0.0 => f64::NEG_INFINITY,
            1.0 => f64::INFINITY,
            _ => f64::NAN,
        };
    }
    // Near 1 the digits of `p` are those of its distance from 1.
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let (mut low, mut high) = (-40.0_f64, 0.0_f64);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if normal_cdf(middle) < p {
            low = middle
        } else {
            high = middle
        }
    }
    0.5 * (low + high)
}

/// The probability that Student's t of some degrees of freedom is further from zero than `t`.
///
/// `P(|T| > t) = I_{v/(v+t^2)}(v/2, 1/2)`, DLMF 8.17.
pub(super) fn student_t_beyond(t: f64, freedom: f64) -> f64 {
    incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t))
}

/// 97.5 % point of Student's t distribution, by bisection of its distribution function.
pub(super) fn student_t_975(freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e3);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if student_t_beyond(middle, freedom) > 0.05 {
            low = middle
        } else {
            high = middle
        }
    }
    0.5 * (low + high)
}

/// The two-sided exact probability of `k` or fewer, or as many or more, of `n` fair coins.
pub(super) fn sign_test(k: u64, n: u64) -> f64 {
    let k = k.min(n - k.min(n));
    let choose = |i: u64| {
        let (n, i) = (n as f64, i as f64);
        libm::lgamma(n + 1.0)
            - libm::lgamma(i + 1.0)
            - libm::lgamma(n - i + 1.0)
            - n * std::f64::consts::LN_2
    };
    let tail: f64 = (0..=k).map(|i| choose(i).exp()).sum();
    (2.0 * tail).min(1.0)
}

/// The regularized incomplete beta function, by Lentz's continued fraction (DLMF 8.17.22).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    // The fraction converges fast below the mean; above it the mirrored function is used.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front =
        (libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * x.ln() + b * (1.0 - x).ln())
            .exp()
            / a;
    let away = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut f, mut c, mut d) = (1.0, 1.0, 0.0);
    for i in 0..500 {
        let m = f64::from(i / 2);
        let numerator = match i {
            0 => 1.0,
            i if i % 2 == 0 => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            _ => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        d = 1.0 / away(1.0 + numerator * d);
        c = away(1.0 + numerator / c);
        f *= c * d;
        if (1.0 - c * d).abs() < 1e-15 {
            break;
        }
    }
    front * (f - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_agree_with_tables() {
        // Abramowitz and Stegun, table 26.5, and the quantile of every probability back again.
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-13);
        assert!((normal_quantile(0.0001) + 3.719_016_485_455_709).abs() < 1e-12);
        for p in [1e-9, 0.02, 0.3, 0.5, 0.8, 0.999] {
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-15);
        }
        assert_eq!(
            (normal_quantile(0.0), normal_quantile(1.0)),
            (f64::NEG_INFINITY, f64::INFINITY)
        );
        // Of 10 coins 2 or fewer, or 8 or more, show heads: 112 of 1024.
        assert!((sign_test(2, 10) - 112.0 / 1024.0).abs() < 1e-12);
        assert!((sign_test(8, 10) - 112.0 / 1024.0).abs() < 1e-12);
        assert_eq!((sign_test(5, 10), sign_test(0, 0)), (1.0, 1.0));
        assert!((student_t_beyond(2.776, 4.0) - 0.05).abs() < 1e-4);
    }
}
