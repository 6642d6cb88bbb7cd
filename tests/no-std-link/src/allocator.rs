//! An allocator without an operating system: it hands out a fixed block and takes nothing back.

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr::null_mut,
    sync::atomic::{AtomicUsize, Ordering},
};

const SIZE: usize = 1024 * 1024;

struct Block {
    bytes: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: `bytes` is only handed out in parts, and `used` makes sure that no two overlap.
unsafe impl Sync for Block {}

// SAFETY: every part lies within `bytes`, is aligned as asked for, and is handed out once.
unsafe impl GlobalAlloc for Block {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.bytes.get().cast::<u8>();
        let mut start = 0;
        let reserved = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            let address = (base as usize).checked_add(used)?;
            start = used.checked_add(address.wrapping_neg() & (layout.align() - 1))?;
            start.checked_add(layout.size()).filter(|end| *end <= SIZE)
        });
        match reserved {
            Ok(_) => base.wrapping_add(start),
            Err(_) => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static BLOCK: Block = Block { bytes: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };
