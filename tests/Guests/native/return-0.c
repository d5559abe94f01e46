// The floor for the figures of bench/: what a process costs that does nothing.
int main(void) { return 0; }
