//! Trees of shards in the layouts that others write, and what is read of them.

use super::{ShardOptions, Shards, Share};
use crate::dataset::{
    ColumnKind, ColumnValues, Encoding, Form, Pack, PackFormat, ParquetColumn, ParquetShard, Shard,
    Source, TarShard, WhenMissing, folder,
};
use crate::io::SampleFormat;
use crate::{Error, Waveform};
use proptest::prelude::*;
use std::path::Path;

fn wave(index: usize) -> Waveform {
    Waveform::mono(vec![index as f32 / 128.0; 80 + index], 8000).unwrap()
}

fn wav(index: usize) -> Vec<u8> {
    Encoding::Wav(SampleFormat::Int16)
        .bytes(&wave(index))
        .unwrap()
}

fn open(place: &Path, options: ShardOptions) -> Result<Shards, Error> {
    Shards::open(&[place.display().to_string()], options)
}

/// Tar shards of five clips, the last of what is left.
fn tars(folder: &Path, n: usize) {
    for first in (0..n).step_by(5) {
        let path = folder.join(format!("{:03}.tar", first / 5));
        let mut tar = TarShard::create(&path).unwrap();
        for index in first..(first + 5).min(n) {
            tar.add(&format!("c/{index:04}.wav"), &wav(index)).unwrap();
            let class = (index % 3).to_string();
            tar.add(&format!("c/{index:04}.cls"), class.as_bytes())
                .unwrap();
        }
        tar.finish().unwrap();
    }
}

/// All clips of an epoch in its order, read by batches.
fn epoch(shards: &Shards, drawn: Option<(u64, u64)>, batch: usize) -> Vec<u64> {
    let mut reader = shards.reader(drawn);
    let mut ids = Vec::new();
    for first in (0..shards.len()).step_by(batch) {
        for clip in reader
            .take(first..(first + batch).min(shards.len()))
            .unwrap()
        {
            let got = shards.wave(&clip).unwrap();
            assert_eq!(got, wave(clip.id as usize));
            assert_eq!(clip.label, Some(clip.id as usize % 3));
            ids.push(clip.id);
        }
    }
    ids
}

#[test]
fn tar_members_that_share_a_name_are_a_clip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    let mut tar = TarShard::create(&path).unwrap();
    // What `webdataset` passes over, and names as it divides them.
    tar.add("__meta__.json__", b"{}").unwrap();
    tar.add("README", b"no dot").unwrap();
    tar.add("x.y/one.WAV", &wav(1)).unwrap();
    tar.add(
        "x.y/one.json",
        br#"{"label": "dog", "speaker": "ann", "fold": 3, "target": 0.5}"#,
    )
    .unwrap();
    tar.add("x.y/one.mix.flac.txt", b"words").unwrap();
    tar.add("x.y/two.left.wav", &wav(2)).unwrap();
    tar.add("x.y/two.json", br#"{"label": "cat", "group": "g1"}"#)
        .unwrap();
    tar.finish().unwrap();
    let shards = open(folder.path(), ShardOptions::default()).unwrap();
    assert_eq!(
        (shards.len(), shards.classes()),
        (2, &["cat".to_owned(), "dog".to_owned()][..])
    );
    let data = shards.take(2, None).unwrap();
    let clips = data.clips();
    assert_eq!(
        (clips[0].label, clips[0].fold, clips[0].target),
        (Some(1), Some(3), Some(0.5))
    );
    assert_eq!(
        (clips[0].column("speaker"), clips[1].column("group")),
        (Some("ann"), Some("g1"))
    );
    assert_eq!(clips[1].source, Source::Wave(wave(2)));
    assert_eq!(data.groups(), ["group"]);
    // Another label and another sound, by name.
    let options = ShardOptions {
        label: Some("speaker".into()),
        audio: Some("left.wav".into()),
        broken: WhenMissing::LeaveOut,
        ..ShardOptions::default()
    };
    let shards = open(&path, options).unwrap();
    assert_eq!((shards.len(), shards.classes().len()), (1, 0));
    let told = shards.broken().to_string();
    assert!(told.contains("x.y/one"), "{told}");
    assert!(
        told.contains("there is no `.left.wav` among its members (.wav, .json"),
        "{told}"
    );
}

#[test]
fn classes_that_are_numbers_are_in_their_order_or_index_names() {
    let folder = tempfile::tempdir().unwrap();
    tars(folder.path(), 12);
    let shards = open(folder.path(), ShardOptions::default()).unwrap();
    assert_eq!(shards.classes(), ["0", "1", "2"]);
    assert_eq!(shards.class_counts(), [4, 4, 4]);
    let named = ShardOptions {
        classes: ["a", "b", "c"].map(str::to_owned).to_vec(),
        ..ShardOptions::default()
    };
    let shards = open(folder.path(), named).unwrap();
    assert_eq!(shards.take(2, None).unwrap().clips()[1].label, Some(1));
    let few = ShardOptions {
        classes: vec!["a".into()],
        ..ShardOptions::default()
    };
    assert!(matches!(
        open(folder.path(), few).err(),
        Some(Error::Unknown { .. })
    ));
}

#[test]
fn parquet_has_sounds_and_named_classes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train-00000-of-00001.parquet");
    let column = |name: &str, kind| ParquetColumn {
        name: name.into(),
        kind,
        is_optional: true,
    };
    let names = ["zebra", "ape", "none"].map(str::to_owned).to_vec();
    let columns = [
        column("label", ColumnKind::Class(names.clone())),
        column("who", ColumnKind::Text),
    ];
    let mut shard = ParquetShard::create(&path, Some(8000), &columns).unwrap();
    for first in [0, 3] {
        let sounds = (first..first + 3)
            .map(|i| (format!("{i}.wav"), wav(i)))
            .collect();
        let labels = vec![Some(0), None, Some(1)];
        let who = (first..first + 3).map(|i| Some(format!("p{i}"))).collect();
        shard
            .add(
                sounds,
                &[ColumnValues::Whole(labels), ColumnValues::Text(who)],
            )
            .unwrap();
    }
    shard.finish().unwrap();
    let shards = open(folder.path(), ShardOptions::default()).unwrap();
    // In the order in which they are declared, and with a class that no clip is of.
    assert_eq!(shards.classes(), names);
    let data = shards.take(6, None).unwrap();
    let labels: Vec<_> = data.clips().iter().map(|clip| clip.label).collect();
    assert_eq!(labels, [Some(0), None, Some(1), Some(0), None, Some(1)]);
    assert_eq!(data.clips()[4].source, Source::Wave(wave(4)));
    assert_eq!(
        (
            data.clips()[4].column("who"),
            data.clips()[4].column("path")
        ),
        (Some("p4"), Some("4.wav"))
    );
    let who = ShardOptions {
        label: Some("whose".into()),
        ..ShardOptions::default()
    };
    let error = open(folder.path(), who).err().unwrap();
    assert!(
        error
            .to_string()
            .ends_with("it has no column `whose` of one class a clip")
    );
    assert_eq!(
        error.hint().unwrap(),
        "there are audio.bytes, audio.path, label, who"
    );
}

#[test]
fn what_is_packed_comes_out_as_it_was() {
    let tree = tempfile::tempdir().unwrap();
    for i in 0..7 {
        let class = ["dog", "cat"][i % 2];
        let path = tree.path().join(format!("in/{class}/a.b{i}.wav"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, wav(i)).unwrap();
    }
    let data = folder(
        &tree.path().join("in"),
        &Default::default(),
        Form::default(),
        None,
    )
    .unwrap();
    for (word, format) in PackFormat::WORDS {
        let pack = |out: &str, shard: Shard| Pack {
            data: data.clone(),
            format,
            shard_size: 3,
            shard,
            resume: false,
            out: tree.path().join(word).join(out),
        };
        let whole = pack("whole", Shard::WHOLE);
        assert_eq!(whole.run(|_, _| true).unwrap().clips, 7);
        assert!(
            whole
                .run(|_, _| true)
                .unwrap_err()
                .to_string()
                .contains("3 of the 3 shards")
        );
        for index in [2, 1] {
            pack("parts", Shard { index, count: 2 })
                .run(|_, _| true)
                .unwrap();
        }
        for name in ["shard-00000", "shard-00001", "shard-00002"] {
            let read = |out: &str| {
                std::fs::read(
                    tree.path()
                        .join(word)
                        .join(out)
                        .join(format!("{name}.{word}")),
                )
                .unwrap()
            };
            assert_eq!(read("whole"), read("parts"));
        }
        let shards = open(&whole.out, ShardOptions::default()).unwrap();
        assert_eq!(shards.classes(), data.classes());
        let back = shards.take(7, None).unwrap();
        for (index, clip) in back.clips().iter().enumerate() {
            assert_eq!(back.wave(index).unwrap(), data.wave(index).unwrap());
            assert_eq!(clip.label, data.clips()[index].label);
            let class = ["cat", "dog"][clip.label.unwrap()];
            assert!(
                clip.column("path")
                    .unwrap()
                    .starts_with(&format!("{class}/a.b"))
            );
        }
        // The bytes are those of the files.
        let packed = shards.reader(None).take(0..7).unwrap();
        let Source::File(first) = &data.clips()[0].source else {
            unreachable!("it was read from a folder")
        };
        assert_eq!(
            *packed[0].bytes.as_ref().unwrap().to_vec(),
            std::fs::read(first).unwrap()
        );
        // A stopped run has whole shards and no others, and is taken up.
        let stopped = pack("stopped", Shard::WHOLE);
        let made = stopped.run(|done, _| done < 3).unwrap();
        assert!(made.stopped && made.clips == 3);
        let there = std::fs::read_dir(&stopped.out).unwrap().count();
        assert_eq!(there, 2, "a shard and the description");
        let resumed = Pack {
            resume: true,
            ..stopped
        };
        assert_eq!(resumed.run(|_, _| true).unwrap().kept, 3);
        let other = Pack {
            shard_size: 4,
            ..resumed
        };
        assert!(other.run(|_, _| true).unwrap_err().is_refusal());
    }
}

#[test]
fn what_is_cut_short_or_gone_is_named_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    tars(folder.path(), 15);
    let path = folder.path().join("001.tar");
    let bytes = std::fs::read(&path).unwrap();
    // Within the sound of the fourth clip: three are whole.
    std::fs::write(&path, &bytes[..3 * 2048 + 600]).unwrap();
    std::fs::write(folder.path().join("003.tar"), [7; 2000]).unwrap();
    let error = open(folder.path(), ShardOptions::default()).err().unwrap();
    let text = error.to_string();
    assert!(text.contains("2 clips or shards cannot be read"), "{text}");
    assert!(
        text.contains("001.tar/c/0008.wav`: the shard is cut short within it"),
        "{text}"
    );
    assert!(
        text.contains("003.tar/what follows`: its header is broken"),
        "{text}"
    );
    assert!(error.hint().unwrap().contains("leave out"));
    let leaving = ShardOptions {
        broken: WhenMissing::LeaveOut,
        ..ShardOptions::default()
    };
    let shards = open(folder.path(), leaving.clone()).unwrap();
    assert_eq!((shards.len(), shards.broken().n), (13, 2));
    let missing = [folder.path().join("00{0..9}.tar").display().to_string()];
    let error = Shards::open(&missing, ShardOptions::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("004.tar`: the shard is not there"),
        "{error}"
    );
    assert_eq!(Shards::open(&missing, leaving.clone()).unwrap().len(), 13);
    // A shard that goes while it is read.
    let strict = [folder.path().join("000.tar"), folder.path().join("002.tar")];
    let strict = strict.map(|path| path.display().to_string());
    let kept = Shards::open(&strict, ShardOptions::default()).unwrap();
    let lenient = Shards::open(&strict, leaving).unwrap();
    std::fs::remove_file(&strict[1]).unwrap();
    let error = kept.reader(None).take(0..10).err().unwrap().to_string();
    assert!(
        error.ends_with("002.tar`: the shard is not there"),
        "{error}"
    );
    let clips = lenient.reader(None).take(0..10).unwrap();
    let error = lenient.wave(&clips[7]).err().unwrap();
    lenient.pass_over(&clips[7], error).unwrap();
    assert!(lenient.broken().to_string().contains("its shard is gone"));
    std::fs::write(&strict[0], &bytes).unwrap();
    let error = kept.reader(None).take(0..1).err().unwrap().to_string();
    assert!(
        error.ends_with("the shard has changed since it was opened"),
        "{error}"
    );
}

#[test]
fn an_index_is_kept_and_made_again_when_its_shard_changes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let options = || ShardOptions {
        cache: Some(crate::dataset::Cache::new(&cache)),
        ..ShardOptions::default()
    };
    let path = folder.path().join("s");
    tars(&path, 10);
    let ids = |shards: &Shards| epoch(shards, Some((1, 0)), 4);
    let fresh = open(&path, options()).unwrap();
    let kept = open(&path, options()).unwrap();
    assert_eq!(ids(&fresh), ids(&kept));
    assert_eq!(
        walkdir::WalkDir::new(&cache)
            .into_iter()
            .flatten()
            .filter(|e| e.file_type().is_file())
            .count(),
        2
    );
    let identity = |shards: &Shards| {
        let mut all = String::new();
        shards.identify(&mut |piece| all += piece);
        shards.identify_labels(&mut |piece| all += piece);
        all
    };
    assert_eq!(identity(&fresh), identity(&kept));
    std::fs::remove_file(path.join("001.tar")).unwrap();
    let fewer = open(&path, options()).unwrap();
    assert_eq!(fewer.len(), 5);
    assert_ne!(identity(&fewer), identity(&kept));
    assert_ne!(identity(&fewer.fraction(0.5, 0).unwrap()), identity(&fewer));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_clip_comes_once_an_epoch_and_any_batch_is_found_at_once(
        n in 1usize..40,
        buffer in 1usize..20,
        shards_open in 1usize..5,
        workers in 1usize..4,
        batch in 1usize..9,
        number in 0u64..3,
    ) {
        let folder = tempfile::tempdir().unwrap();
        tars(folder.path(), n);
        let mut seen = Vec::new();
        for worker in 0..workers {
            let options = ShardOptions {
                buffer,
                open: shards_open,
                share: Share { worker, workers },
                ..ShardOptions::default()
            };
            let shards = open(folder.path(), options).unwrap();
            let own = epoch(&shards, Some((5, number)), batch);
            prop_assert_eq!(&own, &epoch(&shards, Some((5, number)), batch + 3));
            // From the end to the beginning, each by a reader of its own.
            for at in (0..own.len()).rev() {
                let one = shards.reader(Some((5, number))).take(at..at + 1).unwrap();
                prop_assert_eq!(one[0].id, own[at]);
            }
            seen.extend(own);
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..n as u64).collect::<Vec<_>>());
    }
}
