//! One process has a directory.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::SpoolError;

/// Keeps other processes out for as long as the file is open.
pub(super) fn lock(dir: &Path) -> Result<File, SpoolError> {
    let path = dir.join("lock");
    let opened = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let mut file = opened.map_err(SpoolError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            // Only for people: a number that cannot be read is left out.
            let _ = file.read_to_string(&mut owner);
            let is_number = !owner.is_empty() && owner.bytes().all(|byte| byte.is_ascii_digit());
            return Err(SpoolError::Locked {
                dir: dir.to_owned(),
                owner: if is_number {
                    format!(" ({owner})")
                } else {
                    String::new()
                },
            });
        }
        Err(TryLockError::Error(error)) => return Err(SpoolError::io("lock", &path)(error)),
    }
    // For people, as well: on a full disk what was kept is still to be delivered.
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
    Ok(file)
}
