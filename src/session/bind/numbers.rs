//! Numbers: whole ones are numbers everywhere, as they are in what takes sounds.

use crate::script::{Call, Function, ScriptError, Topic};
use rhai::{Array, Dynamic};

pub(super) fn functions() -> Vec<Function> {
    let mut all: Vec<Function> = CURVES
        .iter()
        .map(|(name, f, about, example)| curve(name, *f, about, example))
        .collect();
    all.extend([
        asks(
            "is_nan",
            f64::is_nan,
            "Whether a number is not a number, as 0/0 is.",
        ),
        atan(),
        atan2(),
        hypot(),
    ]);
    all.extend([asks(
        "is_finite",
        f64::is_finite,
        "Whether a number is neither infinite nor undefined.",
    )]);
    all.extend([asks(
        "is_infinite",
        f64::is_infinite,
        "Whether a number is infinite.",
    )]);
    all.extend([
        log(),
        pow(),
        whole(
            "floor",
            f64::floor,
            "Rounds down.",
            "assert(floor(2.7) == 2.0)",
        ),
    ]);
    all.extend([whole(
        "ceiling",
        f64::ceil,
        "Rounds up.",
        "assert(ceiling(2.1) == 3.0)",
    )]);
    all.extend([whole(
        "int",
        f64::trunc,
        "Takes the digits behind the point away.",
        "assert(int(-2.7) == -2.0)",
    )]);
    all.extend([round(), range(), linspace()]);
    all
}

/// Functions of one number that are numbers with a fraction.
type Row = (&'static str, fn(f64) -> f64, &'static str, &'static str);

const CURVES: [Row; 20] = [
    (
        "sqrt",
        f64::sqrt,
        "Gives the square root.",
        "assert(sqrt(9) == 3)",
    ),
    (
        "exp",
        f64::exp,
        "Gives the exponential.",
        "assert_near(ln(exp(2)), 2)",
    ),
    (
        "ln",
        f64::ln,
        "Gives the natural logarithm.",
        "assert_near(ln(E()), 1)",
    ),
    (
        "log10",
        f64::log10,
        "Gives the decimal logarithm.",
        "assert_near(20 * log10(10), 20)",
    ),
    (
        "log2",
        f64::log2,
        "Gives the logarithm to base 2: octaves, if the number is a ratio.",
        "assert_near(log2(8), 3)",
    ),
    (
        "sin",
        f64::sin,
        "Gives the sine of an angle in radians.",
        "assert_near(sin(PI() / 2), 1)",
    ),
    (
        "cos",
        f64::cos,
        "Gives the cosine of an angle in radians.",
        "assert(cos(0) == 1)",
    ),
    (
        "tan",
        f64::tan,
        "Gives the tangent of an angle in radians.",
        "assert_near(tan(PI() / 4), 1)",
    ),
    (
        "asin",
        f64::asin,
        "Gives the angle in radians of a sine.",
        "assert_near(asin(1), PI() / 2)",
    ),
    (
        "acos",
        f64::acos,
        "Gives the angle in radians of a cosine.",
        "assert(acos(1) == 0)",
    ),
    (
        "sinh",
        f64::sinh,
        "Gives the hyperbolic sine.",
        "assert(sinh(0) == 0)",
    ),
    (
        "cosh",
        f64::cosh,
        "Gives the hyperbolic cosine.",
        "assert(cosh(0) == 1)",
    ),
    (
        "tanh",
        f64::tanh,
        "Gives the hyperbolic tangent.",
        "assert(tanh(0) == 0)",
    ),
    (
        "asinh",
        f64::asinh,
        "Gives the number of a hyperbolic sine.",
        "assert_near(asinh(sinh(1)), 1)",
    ),
    (
        "acosh",
        f64::acosh,
        "Gives the number of a hyperbolic cosine.",
        "assert_near(acosh(cosh(1)), 1)",
    ),
    (
        "atanh",
        f64::atanh,
        "Gives the number of a hyperbolic tangent.",
        "assert_near(atanh(tanh(1)), 1)",
    ),
    (
        "to_degrees",
        f64::to_degrees,
        "Gives an angle in degrees that is given in radians.",
        "assert_near(to_degrees(PI()), 180)",
    ),
    (
        "to_radians",
        f64::to_radians,
        "Gives an angle in radians that is given in degrees.",
        "assert_near(to_radians(180), PI())",
    ),
    (
        "fraction",
        f64::fract,
        "Gives what stands behind the point.",
        "assert_near(fraction(2.75), 0.75)",
    ),
    (
        "cbrt",
        f64::cbrt,
        "Gives the cube root.",
        "assert_near(cbrt(27), 3)",
    ),
];

fn curve(name: &'static str, f: fn(f64) -> f64, about: &str, example: &str) -> Function {
    Function::new(name, Topic::Numbers, move |call| Ok(f(call.get("x")?)))
        .about(about)
        .param::<f64>("x", "a number")
        .returns("number")
        .example(example)
}

fn asks(name: &'static str, f: fn(f64) -> bool, about: &str) -> Function {
    let want = if name == "is_finite" { "" } else { "!" };
    Function::new(name, Topic::Numbers, move |call| Ok(f(call.get("x")?)))
        .about(about)
        .param::<f64>("x", "a number")
        .returns("flag")
        .example(format!("assert({want}{name}(3))"))
}

/// A function that leaves whole numbers as they are.
fn whole(name: &'static str, f: fn(f64) -> f64, about: &str, example: &str) -> Function {
    Function::new(name, Topic::Numbers, move |call| {
        let x = call.raw("x");
        Ok(if x.is_int() {
            x
        } else {
            f(call.get("x")?).into()
        })
    })
    .about(about)
    .param::<f64>("x", "a number")
    .returns("number")
    .example(example)
}

fn atan() -> Function {
    Function::new("atan", Topic::Numbers, |call| {
        let x: f64 = call.get("x")?;
        Ok(call
            .get::<Option<f64>>("y")?
            .map_or_else(|| x.atan(), |y| x.atan2(y)))
    })
    .about("Gives the angle in radians of a tangent; of two numbers, as `atan2` does.")
    .param::<f64>("x", "a tangent, or the opposite side")
    .param_or::<Option<f64>>("y", (), "the adjacent side")
    .returns("number")
    .example("assert_near(atan(1), PI() / 4)")
}

fn atan2() -> Function {
    Function::new("atan2", Topic::Numbers, |call| {
        Ok(call.get::<f64>("y")?.atan2(call.get("x")?))
    })
    .about("Gives the angle in radians from the axis of `x` to a point, from -pi to pi.")
    .param::<f64>("y", "the point's `y`")
    .param::<f64>("x", "the point's `x`")
    .returns("number")
    .example("assert_near(atan2(1, -1), 0.75 * PI())")
}

fn hypot() -> Function {
    Function::new("hypot", Topic::Numbers, |call| {
        Ok(call.get::<f64>("x")?.hypot(call.get("y")?))
    })
    .about("Gives the root of the sum of two squares.")
    .param::<f64>("x", "a number")
    .param::<f64>("y", "another one")
    .returns("number")
    .example("assert(hypot(3, 4) == 5)")
}

fn log() -> Function {
    Function::new("log", Topic::Numbers, |call| {
        Ok(call.get::<f64>("x")?.log(call.get("base")?))
    })
    .about("Gives the logarithm to a base, which is 10 if it is not given.")
    .note("`ln` is the natural logarithm, `log2` that to base 2")
    .param::<f64>("x", "a number")
    .param_or::<f64>("base", 10, "the base")
    .returns("number")
    .example("assert_near(log(1000), 3); assert_near(log(8, 2), 3)")
}

fn pow() -> Function {
    Function::new("pow", Topic::Numbers, |call| {
        let (x, y) = (call.raw("x"), call.raw("y"));
        let whole = match (x.as_int(), y.as_int()) {
            (Ok(x), Ok(y)) => u32::try_from(y).ok().and_then(|y| x.checked_pow(y)),
            _ => None,
        };
        Ok(match whole {
            Some(whole) => Dynamic::from(whole),
            None => Dynamic::from(call.get::<f64>("x")?.powf(call.get("y")?)),
        })
    })
    .about("Raises a number to a power, as `x ** y` does.")
    .param::<f64>("x", "a number")
    .param::<f64>("y", "the power")
    .returns("number")
    .example("assert(pow(2, 10) == 1024); assert_near(pow(2, -1), 0.5)")
}

fn round() -> Function {
    Function::new("round", Topic::Numbers, |call| {
        let digits = call.get::<i64>("digits")?;
        if !(-300..=300).contains(&digits) {
            return Err(call.wrong("digits", "a whole number within -300..=300"));
        }
        rounded(call, &call.raw("x"), digits as i32)
    })
    .about("Rounds a number, or every number of an array.")
    .note("halves are rounded away from zero")
    .param::<Dynamic>("x", "a number, or an array of numbers")
    .param_or::<i64>(
        "digits",
        0,
        "digits behind the point that stay; of a negative number, those before it that become 0",
    )
    .returns("number, or array")
    .example("assert(round(3.14159, 2) == 3.14); assert(round([1.5, 2.2]) == [2.0, 2.0])")
}

fn rounded(call: &Call<'_>, x: &Dynamic, digits: i32) -> Result<Dynamic, ScriptError> {
    let wrong = || call.wrong("x", "a number, or an array of numbers");
    if let Ok(array) = x.as_array_ref() {
        let all: Array = array
            .iter()
            .map(|x| rounded(call, x, digits))
            .collect::<Result<_, _>>()?;
        return Ok(all.into());
    }
    if x.is_int() && digits >= 0 {
        return Ok(x.clone());
    }
    let number = x
        .as_float()
        .ok()
        .or_else(|| x.as_int().ok().map(|n| n as f64))
        .ok_or_else(wrong)?;
    // Powers of ten are exact where they are whole numbers; dividing by one keeps the nearest double.
    let scale = 10f64.powi(digits.abs());
    let rounded = if digits < 0 {
        (number / scale).round() * scale
    } else {
        (number * scale).round() / scale
    };
    let rounded = if rounded.is_finite() { rounded } else { number };
    Ok(if x.is_int() {
        Dynamic::from(rounded as i64)
    } else {
        Dynamic::from(rounded)
    })
}

fn range() -> Function {
    Function::new("range", Topic::Numbers, |call| {
        let (first, second) = (call.raw("from"), call.raw("to"));
        let (from, to) = if second.is_unit() { (Dynamic::from(0_i64), first) } else { (first, second) };
        let step = call.raw("step");
        if let (Ok(from), Ok(to), true) = (from.as_int(), to.as_int(), step.is_unit()) {
            return Ok(Dynamic::from(from..to));
        }
        let number = |name: &str, x: &Dynamic| {
            x.as_float().ok().or_else(|| x.as_int().ok().map(|n| n as f64)).ok_or_else(|| call.wrong(name, "a number"))
        };
        let step_size = if step.is_unit() { 1.0 } else { number("step", &step)? };
        let (start, end) = (number("from", &from)?, number("to", &to)?);
        let count = ((end - start) / step_size).ceil();
        if step_size == 0.0 || !count.is_finite() {
            return Err(call.wrong("step", "a number other than 0"));
        }
        let count = count.max(0.0) as usize;
        room(count)?;
        let whole = from.is_int() && to.is_int() && (step.is_int() || step.is_unit());
        let values = (0..count).map(|i| start + i as f64 * step_size);
        Ok(if whole {
            values.map(|x| Dynamic::from(x as i64)).collect::<Array>().into()
        } else {
            values.map(Dynamic::from).collect::<Array>().into()
        })
    })
    .hides_builtin()
    .about("Gives numbers in steps, the end left out: whole ones one after the other are the range `from..to`.")
    .param::<f64>("from", "the first number; if it is the only one, where the numbers from 0 on end")
    .param_or::<Option<f64>>("to", (), "where they end; this number is not among them")
    .param_or::<Option<f64>>("step", (), "from one to the next; 1 if not given, negative to go down")
    .returns("range, or array")
    .example("assert(range(4) == 0..4); assert(range(0, 1, 0.25) == [0.0, 0.25, 0.5, 0.75])")
}

fn linspace() -> Function {
    Function::new("linspace", Topic::Numbers, |call| {
        let (from, to, n) = (
            call.get::<f64>("from")?,
            call.get::<f64>("to")?,
            call.get::<usize>("n")?,
        );
        room(n)?;
        let last = n.saturating_sub(1).max(1) as f64;
        let value = |i: usize| {
            if i > 0 && i + 1 == n {
                to
            } else {
                from + (to - from) * (i as f64 / last)
            }
        };
        Ok((0..n).map(|i| Dynamic::from(value(i))).collect::<Array>())
    })
    .about("Gives numbers in equal steps, both ends among them.")
    .param::<f64>("from", "the first number")
    .param::<f64>("to", "the last one")
    .param::<usize>("n", "how many there are")
    .returns("array")
    .example("assert(linspace(0, 1, 5) == [0.0, 0.25, 0.5, 0.75, 1.0])")
}

/// Numbers in one array at most.
const MOST: usize = 10_000_000;

fn room(n: usize) -> Result<(), ScriptError> {
    if n > MOST {
        return Err(
            ScriptError::new(format!("an array may have {MOST} elements, not {n}"))
                .hint("a loop over whole numbers needs none: `for i in 0..n`"),
        );
    }
    Ok(())
}
