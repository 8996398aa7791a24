// Package indicator is the only one to compute figures. At a seal it writes the
// records that grains read as Parquet, scans every grain once into a cube, and
// rolls the cubes up into the declared figures; a cut nobody declared is a
// roll-up of the same cube, and the records behind a figure are found with the
// same expressions. All sums are exact integers until the one division that
// makes a value, so every engine that can scan gives the same digits.
package indicator
