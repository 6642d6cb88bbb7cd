//! Proof that `portcullis-core` needs no std: a freestanding library that brings the panic handler
//! and the allocator itself. If anything below the core linked std, this would not compile, because
//! there would be two panic handlers.
//!
//! `main.c` calls [`portcullis_walk`], so that the proof also runs.

#![no_std]

extern crate alloc;

mod allocator;
mod walk;

use core::panic::PanicInfo;

/// Takes the gate and the guard through one login and one refused token. Returns 0, or the number
/// of the step that went wrong.
#[unsafe(no_mangle)]
pub extern "C" fn portcullis_walk() -> i32 {
    match walk::walk() {
        Ok(()) => 0,
        Err(step) => step,
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
