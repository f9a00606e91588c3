#pragma once
#include "near.h"
constant int DEEP_CONSTANT = NEAR_CONSTANT + 1;
