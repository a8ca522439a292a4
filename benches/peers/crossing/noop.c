/* A function of another library that does nothing: what any crossing costs at least. */
int noop(void *handle) {
  return handle == 0;
}
