//! `auricle runs`: the training runs that a folder holds.

use crate::arguments::exit;
use crate::terminal::Terminal;
use auricle_session::script::aligned;
use auricle_session::{RunFolder, run_folders};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// How it is called.
pub(crate) fn command() -> Command {
    let names = |help: &'static str| {
        let names = Arg::new("names").value_name("RUN").num_args(1..);
        names.required(true).help(help)
    };
    let folder = Arg::new("out")
        .long("out")
        .value_name("DIR")
        .default_value("runs")
        .global(true)
        .value_parser(value_parser!(PathBuf))
        .help("The folder that the runs are in, `out` of their scripts");
    Command::new("runs")
        .about("Lists, shows, compares and removes training runs")
        .after_help(
            "Without a command: the list. A run is named by its folder, or by as much of the name as tells it from the others.\n\n\
             A run's folder holds `settings.txt`, `run.json` and `recipe.rhai` (how it was started), `history.csv` and \
             `history.jsonl`, checkpoints, the model, and an event file: `tensorboard --logdir DIR` shows all runs of a folder.",
        )
        .arg(folder)
        .subcommand(Command::new("list").about("Lists them, those written last at the end"))
        .subcommand(
            Command::new("show")
                .about("Says all that is known of a run: what it was told, and its last epoch")
                .arg(names("The run, or several")),
        )
        .subcommand(
            Command::new("compare")
                .about("Puts runs side by side: what they were told otherwise, and the figures of their last epochs")
                .arg(names("The runs")),
        )
        .subcommand(
            Command::new("remove")
                .about("Removes runs with all that is in their folders")
                .arg(names("The runs")),
        )
}

/// Runs it.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let terminal = Terminal::new(false);
    let fail = |text: String| {
        terminal.error(&text);
        exit::SCRIPT
    };
    let out = matches.get_one::<PathBuf>("out").cloned();
    let out = out.unwrap_or_else(|| "runs".into());
    let runs = match run_folders(&out) {
        Ok(runs) => runs,
        Err(error) => return fail(format!("error: {error}")),
    };
    let (name, chosen) = match matches.subcommand() {
        None | Some(("list", _)) => {
            terminal.print(&list(&runs));
            return exit::OK;
        }
        Some((name, matches)) => {
            let names = matches.get_many::<String>("names").into_iter().flatten();
            match names
                .map(|name| find(&runs, name))
                .collect::<Result<Vec<_>, _>>()
            {
                Ok(chosen) => (name, chosen),
                Err(message) => return fail(message),
            }
        }
    };
    match name {
        "compare" => terminal.print(&compare(&chosen)),
        "remove" => {
            for run in &chosen {
                if let Err(error) = run.remove() {
                    return fail(format!("error: {error}"));
                }
                terminal.print(&format!("removed {}", run.path.display()));
            }
        }
        _ => {
            let texts: Vec<String> = chosen.iter().map(|run| show(run)).collect();
            terminal.print(&texts.join("\n\n"));
        }
    }
    exit::OK
}

/// The run of a name, or of the beginning of one.
fn find<'a>(runs: &'a [RunFolder], name: &str) -> Result<&'a RunFolder, String> {
    let exact = runs.iter().find(|run| run.name() == name);
    let begun: Vec<&RunFolder> = runs
        .iter()
        .filter(|run| run.name().starts_with(name))
        .collect();
    match (exact, begun.as_slice()) {
        (Some(run), _) => Ok(run),
        (None, [run]) => Ok(*run),
        (None, []) => {
            let help = "  = help: `auricle runs` lists those there are, `--out DIR` looks in another folder";
            Err(format!("error: there is no run `{name}`\n{help}"))
        }
        (None, several) => {
            let names: Vec<String> = several.iter().map(|run| run.name()).collect();
            Err(format!(
                "error: `{name}` may be {}\n  = help: write more of the name",
                names.join(" or ")
            ))
        }
    }
}

fn state(run: &RunFolder) -> &'static str {
    if run.finished {
        "finished"
    } else {
        "unfinished"
    }
}

fn figure(run: &RunFolder, name: &str) -> String {
    let found = run.figures.iter().find(|(own, _)| own == name);
    found.map_or(String::new(), |(_, value)| {
        format!("{}", (value * 1e4).round() / 1e4)
    })
}

fn setting<'a>(run: &'a RunFolder, name: &str) -> &'a str {
    let found = run.settings.iter().find(|(own, _)| own == name);
    found.map_or("", |(_, value)| value)
}

fn list(runs: &[RunFolder]) -> String {
    let head = ["run", "state", "epoch", "loss", "encoder", "data"].map(String::from);
    let line = |run: &RunFolder| {
        let epochs = format!("{} of {}", figure(run, "epoch"), setting(run, "epochs"));
        let encoder = setting(run, "encoder").to_owned();
        let data = setting(run, "data").to_owned();
        [
            run.name(),
            state(run).into(),
            epochs,
            figure(run, "loss"),
            encoder,
            data,
        ]
    };
    let lines: Vec<_> = std::iter::once(head).chain(runs.iter().map(line)).collect();
    aligned(&lines)
}

fn show(run: &RunFolder) -> String {
    let mut lines = vec![[run.path.display().to_string(), state(run).to_owned()]];
    let settings = run.settings.iter().cloned();
    lines.extend(settings.map(|(name, value)| [format!("  {name}"), value]));
    let figures = run.figures.iter();
    lines.extend(figures.map(|(name, value)| [format!("  {name}"), value.to_string()]));
    aligned(&lines)
}

/// A column for each run: first what they were told otherwise, then all figures.
fn compare(runs: &[&RunFolder]) -> String {
    let row = |name: &str, value: &dyn Fn(&RunFolder) -> String| {
        let values = runs.iter().map(|run| value(run));
        std::iter::once(name.to_owned())
            .chain(values)
            .collect::<Vec<_>>()
    };
    let mut lines = vec![
        row("", &RunFolder::name),
        row("state", &|run| state(run).into()),
    ];
    let names = |of: &dyn Fn(&RunFolder) -> Vec<String>| {
        let mut all = Vec::new();
        for name in runs.iter().flat_map(|run| of(run)) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    };
    for name in names(&|run| run.settings.iter().map(|(name, _)| name.clone()).collect()) {
        let values: BTreeSet<&str> = runs.iter().map(|run| setting(run, &name)).collect();
        if values.len() > 1 {
            lines.push(row(&name, &|run| setting(run, &name).to_owned()));
        }
    }
    for name in names(&|run| run.figures.iter().map(|(name, _)| name.clone()).collect()) {
        lines.push(row(&name, &|run| figure(run, &name)));
    }
    aligned(&lines)
}
