//! What people look for under the name it has in another language or library, and where they find it here.

/// Names of functions and values of other languages, and of transforms of other libraries, each with the advice that its
/// error gives.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, String)> {
    let languages = LANGUAGES
        .iter()
        .flat_map(|(names, advice)| names.iter().map(|name| (*name, (*advice).to_owned())));
    languages.chain(auricle_audio::augment::foreign_names())
}

/// Names of Python, JavaScript, MATLAB and R. Those of one row mean the same; one with a point is a member of a type.
const LANGUAGES: &[(&[&str], &str)] = &[
    (&["True", "TRUE"], "it is written `true`"),
    (&["False", "FALSE"], "it is written `false`"),
    (
        &["None", "null", "NULL", "nil", "undefined", "Null", "Nil"],
        "nothing is written `()`",
    ),
    (
        &["NaN", "nan", "NA"],
        "it is written `0.0/0.0`; `x.is_nan()` asks for it",
    ),
    (
        &["inf", "Inf", "Infinity", "infinity"],
        "it is written `1.0/0.0`; `x.is_infinite()` asks for it",
    ),
    (&["pi", "Pi"], "it is a function: `PI()`"),
    (&["e", "Euler"], "Euler's number is `E()`"),
    (
        &[
            "str",
            "String",
            "tostring",
            "toString",
            "num2str",
            "as_character",
            "repr",
        ],
        "write `x.to_string()`, or put it into a text: `a ${x}` in backticks",
    ),
    (
        &["int", "parseInt", "Integer", "as_integer", "int32", "int64"],
        "`parse_int(\"3\")` reads a text, `to_int(3.7)` takes the whole part of a number",
    ),
    (
        &[
            "float",
            "parseFloat",
            "Number",
            "double",
            "str2num",
            "str2double",
            "as_numeric",
            "float32",
            "float64",
        ],
        "`parse_float(\"3.5\")` reads a text, `to_float(3)` makes a number with a fraction",
    ),
    (
        &["type", "typeof", "isinstance", "instanceof", "class"],
        "write `type_of(x)`",
    ),
    (
        &[
            "wave.sr",
            "wave.fs",
            "wave.rate",
            "wave.samplerate",
            "wave.frame_rate",
        ],
        "here it is `sample_rate`, in Hz",
    ),
    (
        &["wave.duration", "wave.length_s", "wave.duration_s"],
        "here it is `seconds`",
    ),
    (
        &[
            "wave.len",
            "wave.length",
            "wave.size",
            "wave.n_frames",
            "wave.frames",
        ],
        "here it is `n_samples`, the samples of a channel; `seconds` is its length in time",
    ),
    (
        &["wave.shape"],
        "a sound has `n_channels` and `n_samples`; `to_tensor()` has a shape",
    ),
    (
        &["wave.channels", "wave.nchannels"],
        "here it is `n_channels`",
    ),
    (
        &[
            "wave.data",
            "wave.array",
            "wave.numpy",
            "wave.values",
            "wave.get_array_of_samples",
        ],
        "here it is `samples()`, an array; `to_tensor()` is a tensor",
    ),
    (
        &["wave.rms", "wave.dBFS", "wave.db"],
        "here it is `rms_db`; `lufs` is the loudness",
    ),
    (
        &["wave.write", "wave.export", "wave.to_wav"],
        "here it is `save(\"a.wav\")`",
    ),
    (&["length", "numel", "count"], "write `len(x)` or `x.len()`"),
    (
        &["size", "shape", "ndims", "dims"],
        "write `len(x)`; a tensor has `x.shape`",
    ),
    (
        &[
            "printf", "println", "puts", "disp", "echo", "cat", "fprintf",
        ],
        "write `print(x)`; `print(`a ${x}`)` puts values into a text",
    ),
    (&["console"], "write `print(x)`"),
    (
        &["sprintf", "format"],
        "values are put into a text in backticks: `a ${x}`",
    ),
    (
        &[
            "math",
            "np",
            "numpy",
            "Math",
            "torch",
            "scipy",
            "sp",
            "cmath",
            "statistics",
        ],
        "functions need no module before them: `sqrt(2)`, `mean(x)`, `sin(x)`",
    ),
    (
        &[
            "librosa",
            "torchaudio",
            "audiomentations",
            "soundfile",
            "sf",
        ],
        "functions need no module before them: `load(\"a.wav\")`; `help()` lists them all",
    ),
    (
        &["plt", "pyplot", "matplotlib", "sns"],
        "write `plot(x)` for numbers, `w.plot()` for a sound",
    ),
    (
        &["sys", "os", "argv"],
        "the arguments of a script are `args`; `arg(0, \"what it is\")` reads one",
    ),
    (
        &["random", "rand", "randn", "randint", "runif", "rnorm"],
        "numbers are drawn with `uniform(0, 1).draw()`, `normal(0, 1).draw()` or `int_uniform(1, 6).draw()`",
    ),
    (
        &["zeros", "ones"],
        "write `let x = []; x.pad(10, 0.0);` for an array of ten zeros",
    ),
    (
        &["list", "tuple", "Array", "vector", "c"],
        "an array is written `[1, 2, 3]`",
    ),
    (
        &["dict", "Map", "Object", "map", "object", "struct"],
        "a map is written `#{ a: 1, b: 2 }`; `x.map(|v| ...)` changes every element of an array",
    ),
    (&["set", "Set"], "write `unique(x)` for each element once"),
    (&["lower", "toLowerCase", "tolower"], "write `x.to_lower()`"),
    (&["upper", "toUpperCase", "toupper"], "write `x.to_upper()`"),
    (
        &["strip", "strtrim", "trimws"],
        "write `x.trim()`, which changes the text itself",
    ),
    (
        &["startswith", "startsWith"],
        "write `x.starts_with(\"a\")`",
    ),
    (&["endswith", "endsWith"], "write `x.ends_with(\"a\")`"),
    (
        &["join", "paste", "strjoin"],
        "write `x.reduce(|all, one| all + one)`",
    ),
    (
        &["forEach", "foreach", "each", "apply", "lapply", "sapply"],
        "write `for v in x { ... }` or `x.map(|v| ...)`",
    ),
    (&["concat"], "write `x + y`"),
    (
        &["includes", "has", "has_key", "hasOwnProperty", "ismember"],
        "write `v in x` or `x.contains(v)`",
    ),
    (
        &["indexOf", "find_index", "findIndex"],
        "write `x.index_of(v)`",
    ),
    (
        &["slice", "subarray", "substr", "substring"],
        "write `x[1..3]` or `x.extract(1..3)`; `sub_string` takes part of a text",
    ),
    (
        &["reversed"],
        "write `x.reverse()`, which changes the array itself",
    ),
    (
        &["sortBy", "sort_values", "order"],
        "write `sorted(x)`, or `x.sort(|a, b| a - b)`",
    ),
    (&["average", "avg"], "write `mean(x)`"),
    (&["stdev", "sd", "stddev"], "write `std(x)`"),
    (
        &["arange", "seq"],
        "write `range(0, 10)` or `range(0, 1, 0.1)`; a loop runs over `0..10`",
    ),
    (&["which_max", "idxmax"], "write `argmax(x)`"),
    (&["which_min", "idxmin"], "write `argmin(x)`"),
    (
        &["log1p", "logn"],
        "natural logarithms are `ln(x)`, decimal ones `log10(x)`",
    ),
    (&["power", "mpower"], "write `x ** y` or `pow(x, y)`"),
    (&["fabs"], "write `abs(x)`"),
    (
        &["append", "extend", "add"],
        "`x.push(v)` appends one element, `x.append(y)` all of another array",
    ),
    (&["sample_rate="], "write `w = w.resample(16000)`"),
    (
        &["seconds=", "duration="],
        "write `w = w.slice(0, 1)` for a part",
    ),
    (&["n_channels="], "write `w = w.mono()`"),
    (
        &["samples="],
        "write `wave(samples, sample_rate)`, which makes a sound of numbers",
    ),
    (&["T"], "a tensor or a sound is not transposed"),
    (
        &["end", "endif", "endfor", "endfunction", "begin"],
        "a block stands in braces: `if x { ... }`, `for x in xs { ... }`",
    ),
    (
        &["clear", "clc", "cls", "clearvars"],
        "`clear_output()` takes away what the cell has shown, `%reset` forgets the variables",
    ),
    (
        &["ls", "dir", "pwd", "cd", "who", "whos"],
        "`%who` lists the variables; files are listed outside of the program",
    ),
    (&["ceil"], "write `ceiling(x)`"),
    (
        &["open", "fopen", "read_file", "readFile"],
        "`load(\"a.wav\")` reads a sound, `folder(\"dir\")` the sounds of a folder",
    ),
    (
        &["require", "library", "source", "include"],
        "write `import \"file\" as name;`",
    ),
    (
        &[
            "raise",
            "stop",
            "Error",
            "Exception",
            "ValueError",
            "TypeError",
            "RuntimeError",
        ],
        "write `throw \"what is wrong\";`",
    ),
    (&["quit"], "`exit()` ends a script, `return` a function"),
    (&["self"], "it is written `this`"),
    (&["pass"], "an empty block is written `{ }`"),
    (
        &["del"],
        "a variable is forgotten with its block; `m.remove(\"key\")` takes a key out of a map",
    ),
    (
        &["time"],
        "`timestamp()` begins to measure, `elapsed` says how long it took",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_name_has_one_advice() {
        let mut seen = BTreeSet::new();
        for (name, _) in names() {
            assert!(seen.insert(name), "{name}");
        }
    }
}
