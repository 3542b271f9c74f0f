//! Pieces of attachments on the disk.

use super::*;

fn pdf(size: usize) -> (Vec<u8>, Sha256Digest) {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.resize(size, b'x');
    let digest = Sha256Digest::from_bytes(Sha256::digest(&bytes).into());
    (bytes, digest)
}

fn folder(scratch: &tempfile::TempDir) -> AttachmentFolder {
    AttachmentFolder::open(scratch.path(), &[3; 32]).unwrap()
}

fn append(
    folder: &AttachmentFolder,
    digest: &Sha256Digest,
    of: (u64, u64),
    piece: &[u8],
) -> Result<Option<Finished>, AttachmentError> {
    append_by(folder, digest, of, piece, (Uuid::now_v7(), false))
}

fn append_by(
    folder: &AttachmentFolder,
    digest: &Sha256Digest,
    (offset, length): (u64, u64),
    piece: &[u8],
    (by, is_the_file): (Uuid, bool),
) -> Result<Option<Finished>, AttachmentError> {
    let piece = Piece {
        by,
        offset,
        bytes: piece.to_vec(),
        is_the_file,
    };
    folder.append(("0999", digest), length, piece)
}

#[test]
fn an_upload_cut_in_the_middle_of_a_piece_goes_on_from_the_last_whole_one() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let (bytes, digest) = pdf(3_000);
    let length = bytes.len() as u64;
    assert!(
        append(&folder, &digest, (0, length), &bytes[..1_000])
            .unwrap()
            .is_none()
    );
    assert!(
        append(&folder, &digest, (1_000, length), &bytes[1_000..2_000])
            .unwrap()
            .is_none()
    );
    let part = folder.part("0999", &digest);
    let size = fs::metadata(&part).unwrap().len();
    OpenOptions::new()
        .write(true)
        .open(&part)
        .unwrap()
        .set_len(size - 7)
        .unwrap();

    assert_eq!(folder.offset("0999", &digest).unwrap(), 1_000);
    let finished = append(&folder, &digest, (1_000, length), &bytes[1_000..]).unwrap();

    assert_eq!(
        finished,
        Some(Finished {
            size_bytes: length,
            media_type: "application/pdf"
        })
    );
    assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
}

#[test]
fn what_is_stored_does_not_show_the_content_and_cannot_be_changed_or_moved() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let (bytes, digest) = pdf(500);
    append(&folder, &digest, (0, 500), &bytes).unwrap();
    let path = folder.whole("0999", &digest);
    let mut stored = fs::read(&path).unwrap();
    assert!(!stored.windows(5).any(|window| window == b"%PDF-"));

    fs::create_dir_all(scratch.path().join("0101")).unwrap();
    fs::copy(&path, folder.whole("0101", &digest)).unwrap();
    assert!(
        folder.read("0101", &digest).is_err(),
        "a file of another municipality does not open"
    );
    let last = stored.len() - 1;
    stored[last] ^= 1;
    fs::write(&path, stored).unwrap();
    assert!(folder.read("0999", &digest).is_err());
}

#[test]
fn wrong_content_is_refused_at_the_end_and_the_upload_starts_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let (bytes, digest) = pdf(100);
    let mut other = bytes.clone();
    other[50] = b'y';
    let program = b"MZ and so on".to_vec();
    let program_digest = Sha256Digest::from_bytes(Sha256::digest(&program).into());

    let wrong = append(&folder, &digest, (0, 100), &other);
    let no_type = append(
        &folder,
        &program_digest,
        (0, program.len() as u64),
        &program,
    );

    assert!(matches!(wrong, Err(AttachmentError::Content)));
    assert!(matches!(no_type, Err(AttachmentError::Content)));
    assert_eq!(folder.offset("0999", &digest).unwrap(), 0);
}

/// Pieces of 1,000 bytes with nothing left in memory, or the file torn, before each of them.
#[test]
fn an_upload_goes_on_wherever_it_is_torn_and_is_judged_by_what_is_stored() {
    for (lost, is_wrong) in [false, true]
        .into_iter()
        .flat_map(|is_wrong| (0..4).map(move |lost| (lost, is_wrong)))
    {
        let scratch = tempfile::tempdir().unwrap();
        let mut folder = folder(&scratch);
        let (bytes, digest) = pdf(4_000);
        let mut sent = bytes.clone();
        sent[1_500] ^= u8::from(is_wrong);
        let mut outcome = None;
        for (nth, piece) in sent.chunks(1_000).enumerate() {
            let offset = nth as u64 * 1_000;
            if nth == lost {
                folder = AttachmentFolder::open(scratch.path(), &[3; 32]).unwrap();
            }
            outcome = Some(append(&folder, &digest, (offset, 4_000), piece));
            if nth + 1 == lost {
                let part = folder.part("0999", &digest);
                let size = fs::metadata(&part).unwrap().len();
                let file = OpenOptions::new().write(true).open(&part).unwrap();
                file.set_len(size - 7).unwrap();
                assert_eq!(folder.offset("0999", &digest).unwrap(), offset);
                outcome = Some(append(&folder, &digest, (offset, 4_000), piece));
            }
        }

        match outcome.unwrap() {
            Ok(Some(finished)) => {
                assert!(!is_wrong, "wrong content was taken, torn at {lost}");
                assert_eq!(finished.size_bytes, 4_000);
                assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
            }
            Err(AttachmentError::Content) => {
                assert!(is_wrong, "right content was refused, torn at {lost}");
                assert_eq!(folder.offset("0999", &digest).unwrap(), 0);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_piece_that_was_lost_from_the_file_is_not_in_the_hash_that_is_carried_along() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let (bytes, digest) = pdf(3_000);
    let append =
        |from: usize, to: usize| append(&folder, &digest, (from as u64, 3_000), &bytes[from..to]);
    append(0, 1_000).unwrap();
    append(1_000, 2_000).unwrap();
    fs::remove_file(folder.part("0999", &digest)).unwrap();

    let too_far = append(2_000, 3_000);
    append(0, 2_000).unwrap();
    let finished = append(2_000, 3_000).unwrap();

    assert!(matches!(too_far, Err(AttachmentError::Offset(0))));
    assert!(finished.is_some());
    assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
}

#[test]
fn an_unfinished_upload_that_was_damaged_on_the_disk_begins_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let (bytes, digest) = pdf(2_000);
    append(&folder(&scratch), &digest, (0, 2_000), &bytes[..1_000]).unwrap();
    // After a restart the whole is opened, and one byte of the first piece is another.
    let folder = folder(&scratch);
    let part = folder.part("0999", &digest);
    let mut stored = fs::read(&part).unwrap();
    stored[100] ^= 1;
    fs::write(&part, stored).unwrap();

    let end = append(&folder, &digest, (1_000, 2_000), &bytes[1_000..]);
    assert!(matches!(end, Err(AttachmentError::Offset(0))), "{end:?}");
    let anew = append(&folder, &digest, (0, 2_000), &bytes).unwrap();

    assert!(anew.is_some());
    assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
}

#[test]
fn a_copy_replaces_a_half_copied_file_and_leaves_out_what_it_is_told_to() {
    let scratch = tempfile::tempdir().unwrap();
    let to = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let held: Vec<_> = [1_000, 2_000].map(pdf).into();
    for (bytes, digest) in &held {
        let length = bytes.len() as u64;
        append(&folder, digest, (0, length), bytes).unwrap();
    }
    let copy = AttachmentFolder::at(to.path(), &[3; 32]);
    fs::create_dir_all(to.path().join("0999")).unwrap();
    fs::write(copy.whole("0999", &held[0].1), "half").unwrap();

    let except = [("0999".to_owned(), held[1].1)];
    let count = folder.copy_to(to.path(), &except).unwrap();

    assert_eq!(count, 1);
    assert_eq!(copy.read("0999", &held[0].1).unwrap(), held[0].0);
    assert!(!copy.is_there("0999", &held[1].1));
    assert_eq!(entries(&to.path().join("0999")).unwrap().len(), 1);
}

#[test]
fn a_piece_at_another_offset_is_told_where_the_upload_stands() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let (bytes, digest) = pdf(100);
    append(&folder, &digest, (0, 100), &bytes[..40]).unwrap();

    let again = append(&folder, &digest, (0, 100), &bytes[..40]);
    let too_much = append(&folder, &digest, (40, 100), &[0; 61]);

    assert!(matches!(again, Err(AttachmentError::Offset(40))));
    assert!(matches!(too_much, Err(AttachmentError::Offset(40))));
}

#[test]
fn an_upload_waits_for_nobody_who_writes_another() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let [(slow, slow_digest), (bytes, digest)] = [200, 100].map(pdf);
    let slow_upload = folder.upload(&folder.part("0999", &slow_digest));

    let writing = held(&slow_upload);
    let other = append(&folder, &digest, (0, 100), &bytes);
    drop(writing);
    let after = append(&folder, &slow_digest, (0, 200), &slow);

    assert!(other.unwrap().is_some());
    assert!(after.unwrap().is_some());
}

#[test]
fn what_nobody_writes_is_forgotten_and_what_somebody_writes_is_not() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let written = folder.upload(&folder.part("0999", &pdf(1_000).1));
    for size in 10..10 + MOST_REMEMBERED {
        folder.upload(&folder.part("0999", &pdf(size).1));
    }

    let again = folder.upload(&folder.part("0999", &pdf(1_000).1));

    assert!(Arc::ptr_eq(&written, &again));
    assert!(folder.uploads.lock().unwrap().len() < MOST_REMEMBERED);
}

#[cfg(target_os = "linux")]
#[test]
fn an_upload_that_could_not_be_flushed_is_not_there_to_be_taken_for_flushed() {
    let scratch = tempfile::tempdir().unwrap();
    let part = scratch.path().join("a.part");
    fs::write(&part, "a piece").unwrap();
    let not_a_disk = OpenOptions::new().write(true).open("/dev/full").unwrap();

    let flushed = flush(&not_a_disk, &part);

    assert!(flushed.is_err());
    assert!(!part.exists());
}

#[test]
fn a_piece_that_begins_before_where_the_upload_stands_brings_what_lies_behind() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let (bytes, digest) = pdf(3_000);
    append(&folder, &digest, (0, 3_000), &bytes[..1_300]).unwrap();

    let next = append(&folder, &digest, (1_000, 3_000), &bytes[1_000..2_000]);
    assert!(next.unwrap().is_none());
    assert_eq!(folder.offset("0999", &digest).unwrap(), 2_000);
    let last = append(&folder, &digest, (2_000, 3_000), &bytes[2_000..]);

    assert!(last.unwrap().is_some());
    assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
}

#[test]
fn what_a_request_knows_of_its_bytes_counts_only_where_no_other_wrote_of_the_upload() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = folder(&scratch);
    let (bytes, digest) = pdf(3_000);
    let [this, other] = [(); 2].map(|()| Uuid::now_v7());
    let begin = |by, piece: &[u8]| append_by(&folder, &digest, (0, 3_000), piece, (by, false));
    let end = |by, offset: u64| {
        let rest = &bytes[usize::try_from(offset).unwrap()..];
        append_by(&folder, &digest, (offset, 3_000), rest, (by, true))
    };
    let refused = |result| matches!(result, Err(AttachmentError::Content));

    let mut altered = pdf(1_000).0;
    altered[500] = b'y';

    // Another began it, and this one only believes to bring all.
    begin(other, &altered).unwrap();
    assert!(refused(end(this, 0)));
    // Another began it anew in between.
    begin(this, &bytes[..1_000]).unwrap();
    folder.forget("0999", &digest).unwrap();
    begin(other, &altered).unwrap();
    assert!(refused(end(this, 1_000)));
    // Alone.
    begin(this, &bytes[..1_000]).unwrap();
    assert!(end(this, 1_000).unwrap().is_some());
    assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
}
