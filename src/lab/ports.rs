//! Free ports on 127.0.0.1, a block for each lab.
//!
//! A lab names its ports long before something listens on all of them, so that looking for free ones is not enough:
//! whoever uses a block holds a lock on the block's file in the cache, and the lock goes away with the process.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::{LabError, files};

/// Below the range from which the system takes ports for outgoing connections.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;
/// Ports in a block.
pub(super) const SIZE: u16 = 64;

/// A block of [`SIZE`] ports that is this lab's until it is dropped.
#[derive(Debug)]
pub(super) struct Block {
    /// Its first port.
    pub(super) first: u16,
    _lock: File,
}

impl Block {
    /// Takes the wanted block if it is free, else any other.
    pub(super) fn reserve(folder: &Path, wanted: Option<u16>) -> Result<Self, LabError> {
        files::make_folder(folder)?;
        let blocks = (LAST - FIRST) / SIZE;
        let start = rand::random_range(0..blocks);
        let any = (0..blocks).map(|n| FIRST + (start + n) % blocks * SIZE);
        for first in wanted.into_iter().chain(any) {
            if let Some(block) = Self::take(folder, first)? {
                return Ok(block);
            }
        }
        Err(LabError::NoPorts { from: FIRST, to: LAST })
    }

    fn take(folder: &Path, first: u16) -> Result<Option<Self>, LabError> {
        let path = folder.join(first.to_string());
        let lock = File::create(&path).map_err(LabError::file(&path, "can't be opened"))?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let free = (first..first + SIZE).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
        Ok(free.then_some(Self { first, _lock: lock }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_labs_never_share_a_block() {
        let folder = tempfile::tempdir().unwrap();
        let one = Block::reserve(folder.path(), None).unwrap();
        let two = Block::reserve(folder.path(), Some(one.first)).unwrap();
        assert_ne!(one.first, two.first);
        let first = one.first;
        drop(one);
        assert_eq!(Block::reserve(folder.path(), Some(first)).unwrap().first, first);
    }
}
