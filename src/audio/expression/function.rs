//! The operators and functions of expressions.

use super::math;

/// What stands in the table below becomes one number from three, and one block from three.
macro_rules! functions {
    ($($name:ident => $body:expr;)+) => {
        /// An operator or a function of up to three numbers; those that it does not take are ignored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) enum Function {
            $($name,)+
        }

        impl Function {
            #[cfg(test)]
            pub(super) const ALL: &[Function] = &[$(Function::$name),+];

            /// Its value.
            #[inline(always)]
            pub(super) fn of(self, a: f64, b: f64, c: f64) -> f64 {
                match self {
                    $(Function::$name => value($body, a, b, c),)+
                }
            }

            /// Its values over blocks of one length.
            #[inline(always)]
            fn each(self, a: &[f64], b: &[f64], c: &[f64], out: &mut [f64]) {
                match self {
                    $(Function::$name => map($body, a, b, c, out),)+
                }
            }
        }
    };
}

#[inline(always)]
fn value(function: impl Fn(f64, f64, f64) -> f64, a: f64, b: f64, c: f64) -> f64 {
    function(a, b, c)
}

#[inline(always)]
fn map(function: impl Fn(f64, f64, f64) -> f64, a: &[f64], b: &[f64], c: &[f64], out: &mut [f64]) {
    let n = out.len();
    let (a, b, c) = (&a[..n], &b[..n], &c[..n]);
    for i in 0..n {
        out[i] = function(a[i], b[i], c[i]);
    }
}

#[inline(always)]
fn truth(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}

functions! {
    Add => |a, b, _| a + b;
    Sub => |a, b, _| a - b;
    Mul => |a, b, _| a * b;
    Div => |a, b, _| a / b;
    // The remainder of a division is exact, so every library gives the same.
    Rem => |a, b, _| a % b;
    Pow => |a, b, _| math::power(a, b);
    Neg => |a: f64, _, _| -a;
    Less => |a, b, _| truth(a < b);
    LessOrEqual => |a, b, _| truth(a <= b);
    Greater => |a, b, _| truth(a > b);
    GreaterOrEqual => |a, b, _| truth(a >= b);
    Equal => |a, b, _| truth(a == b);
    Unequal => |a, b, _| truth(a != b);
    And => |a, b, _| truth((a != 0.0) & (b != 0.0));
    Or => |a, b, _| truth((a != 0.0) | (b != 0.0));
    Not => |a, _, _| truth(a == 0.0);
    Select => |a, b, c| if a != 0.0 { b } else { c };
    Clamp => |a, b, c| {
        let above = if a < b { b } else { a };
        if above > c { c } else { above }
    };
    Lerp => |a, b, c| a + (b - a) * c;
    Min => |a, b, _| if a < b { a } else { b };
    Max => |a, b, _| if a > b { a } else { b };
    Mod => |a: f64, b: f64, _| a - b * (a / b).floor();
    Hypot => |a, b, _| libm::hypot(a, b);
    Atan2 => |a, b, _| libm::atan2(a, b);
    Abs => |a: f64, _, _| a.abs();
    Sign => |a, _, _| truth(a > 0.0) - truth(a < 0.0);
    Floor => |a: f64, _, _| a.floor();
    Ceil => |a: f64, _, _| a.ceil();
    Round => |a: f64, _, _| a.round();
    Trunc => |a: f64, _, _| a.trunc();
    Sqrt => |a: f64, _, _| a.sqrt();
    Cbrt => |a, _, _| libm::cbrt(a);
    Exp => |a, _, _| math::exp(a);
    Log => |a, _, _| libm::log(a);
    Log2 => |a, _, _| libm::log2(a);
    Log10 => |a, _, _| libm::log10(a);
    Sin => |a, _, _| math::sin(a);
    Cos => |a, _, _| math::cos(a);
    Tan => |a, _, _| libm::tan(a);
    Asin => |a, _, _| libm::asin(a);
    Acos => |a, _, _| libm::acos(a);
    Atan => |a, _, _| libm::atan(a);
    Sinh => |a, _, _| libm::sinh(a);
    Cosh => |a, _, _| libm::cosh(a);
    Tanh => |a, _, _| math::tanh(a);
    Sigmoid => |a: f64, _, _| 1.0 / (1.0 + math::exp(-a));
}

impl Function {
    /// Its values over blocks, the same numbers as [`Function::of`].
    #[inline(always)]
    pub(super) fn over(self, a: &[f64], b: &[f64], c: &[f64], out: &mut [f64]) {
        match self {
            Function::Sin => near_and_far(math::near_sin, libm::sin, a, out),
            Function::Cos => near_and_far(math::near_cos, libm::cos, a, out),
            Function::Pow if b.iter().all(|&b| b == 2.0) => map(|a, _, _| a * a, a, b, c, out),
            Function::Pow if b.iter().all(|&b| b == 3.0) => map(|a, _, _| a * a * a, a, b, c, out),
            _ => self.each(a, b, c, out),
        }
    }
}

/// What is near is computed for all in lanes, and again for the few that are far.
#[inline(always)]
fn near_and_far(near: impl Fn(f64) -> f64, far: impl Fn(f64) -> f64, a: &[f64], out: &mut [f64]) {
    map(|a, _, _| near(a), a, a, a, out);
    if a[..out.len()].iter().any(|a| a.abs() > math::FAR) {
        for (out, &a) in out.iter_mut().zip(a) {
            if a.abs() > math::FAR {
                *out = far(a);
            }
        }
    }
}

/// A function as it is called.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) takes: &'static [&'static str],
    pub(super) function: Function,
}

const fn known(name: &'static str, takes: &'static [&'static str], function: Function) -> Known {
    Known {
        name,
        takes,
        function,
    }
}

/// All functions that are called by a name.
pub(super) static KNOWN: &[Known] = &[
    known("select", &["condition", "a", "b"], Function::Select),
    known("clamp", &["a", "low", "high"], Function::Clamp),
    known("lerp", &["a", "b", "share"], Function::Lerp),
    known("min", &["a", "b"], Function::Min),
    known("max", &["a", "b"], Function::Max),
    known("mod", &["a", "b"], Function::Mod),
    known("pow", &["a", "b"], Function::Pow),
    known("hypot", &["a", "b"], Function::Hypot),
    known("atan2", &["a", "b"], Function::Atan2),
    known("abs", &["a"], Function::Abs),
    known("sign", &["a"], Function::Sign),
    known("floor", &["a"], Function::Floor),
    known("ceil", &["a"], Function::Ceil),
    known("round", &["a"], Function::Round),
    known("trunc", &["a"], Function::Trunc),
    known("sqrt", &["a"], Function::Sqrt),
    known("cbrt", &["a"], Function::Cbrt),
    known("exp", &["a"], Function::Exp),
    known("log", &["a"], Function::Log),
    known("log2", &["a"], Function::Log2),
    known("log10", &["a"], Function::Log10),
    known("sin", &["a"], Function::Sin),
    known("cos", &["a"], Function::Cos),
    known("tan", &["a"], Function::Tan),
    known("asin", &["a"], Function::Asin),
    known("acos", &["a"], Function::Acos),
    known("atan", &["a"], Function::Atan),
    known("sinh", &["a"], Function::Sinh),
    known("cosh", &["a"], Function::Cosh),
    known("tanh", &["a"], Function::Tanh),
    known("sigmoid", &["a"], Function::Sigmoid),
];

/// The functions that expressions can call, as they are written: `clamp(a, low, high)`.
pub fn functions() -> impl Iterator<Item = String> {
    KNOWN
        .iter()
        .map(|known| format!("{}({})", known.name, known.takes.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn blocks_are_the_numbers_one_by_one_with_any_instructions() {
        struct Block<'a>(Function, [&'a [f64]; 3], &'a mut [f64]);
        impl pulp::NullaryFnOnce for Block<'_> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                let Block(function, [a, b, c], out) = self;
                function.over(a, b, c, out);
            }
        }
        let mut rng = Rng::from_words(&[7]);
        let odd = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            2.0,
            3.0,
            0.5,
            1e-320,
            1e9,
            -1e300,
            f64::INFINITY,
        ];
        let mut any = |_: usize| match rng.below(3) {
            0 => odd[rng.below(odd.len())],
            1 => rng.range(-800.0, 800.0),
            _ => rng.range(-2.0, 2.0),
        };
        for &function in Function::ALL {
            for n in [1, 7, 128] {
                let a: Vec<f64> = (0..n).map(&mut any).collect();
                let mut b: Vec<f64> = (0..n).map(&mut any).collect();
                let c: Vec<f64> = (0..n).map(&mut any).collect();
                if n == 7 {
                    b.fill(2.0);
                }
                let (mut wide, mut plain) = (vec![0.0; n], vec![0.0; n]);
                let operands = [a.as_slice(), b.as_slice(), c.as_slice()];
                pulp::Arch::new().dispatch(Block(function, operands, &mut wide));
                pulp::Arch::Scalar.dispatch(Block(function, operands, &mut plain));
                for i in 0..n {
                    let want = function.of(a[i], b[i], c[i]);
                    let same = |got: f64| {
                        got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan())
                    };
                    assert!(
                        same(wide[i]) && same(plain[i]),
                        "{function:?} {} {} {}: {} {want}",
                        a[i],
                        b[i],
                        c[i],
                        wide[i]
                    );
                }
            }
        }
    }
}
