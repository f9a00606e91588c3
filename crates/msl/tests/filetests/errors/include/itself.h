// No guard.
#include "itself.h"
