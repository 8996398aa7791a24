module luoshu

go 1.26
