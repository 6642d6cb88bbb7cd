/* Runs the freestanding library. The exit status is the step that went wrong, or 0. */

extern int portcullis_walk(void);

/* The ready-made `alloc` of a hosted target has tables for unwinding, which name this symbol.
   Nothing unwinds here, so nothing calls it. */
void rust_eh_personality(void) {}

int main(void) { return portcullis_walk(); }
